"""A small suite with one world, and rows with known metrics."""

import zlib

import numpy as np
import pytest
from small_suites import make_up

from spurgen.benchmark.plugins import BASELINES, discover
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board import rows as board_rows
from spurgen.harness.board.rows import groups_on_test
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.validity import suite
from spurgen.harness.validity.published import read_published
from spurgen.harness.validity.report import ask
from spurgen.harness.validity.suite import gather

PER_GROUP, TWINS = 100, 90
ACCESS = {name: module.submission.ACCESS for name, module in discover(BASELINES).items()}
SCENARIO = """
suite = "toy"
name = "{name}"
seed = 1
num_classes = 3
image_size = 32

[channels]
color = {{ values = 3, strength = {strength} }}
background = {{ values = 3, strength = {strength} }}

[splits]
train = 9
val = 9
test_per_group = 100
twins = 90
"""
STRENGTHS = {"signs": 0.8, "weak": 0.5}
TASKS = """
[tasks]
signs-image = { scenario = "signs", modality = "image", role = "main" }
signs-text = { scenario = "signs", modality = "text", role = "main" }
weak-image = { scenario = "weak", modality = "image" }
"""
METHODS = {"erm": 0.3, "resample": 0.5, "group_dro": 0.7, "jtt": 0.85, "crt": 0.95}


@pytest.fixture(scope="session")
def toy_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suites")
    described = {name: SCENARIO.format(name=name, strength=strength) for name, strength in STRENGTHS.items()}
    make_up(folder, "toy", described, TASKS)
    return str(folder / "toy.toml")


@pytest.fixture(scope="session")
def toy(toy_file):
    return load_suite(toy_file)


@pytest.fixture(scope="session")
def make_outcomes(toy, make_outcome):
    """Return a function that makes results of all seeds with their samples, from which their metrics follow.

    `aligned`: the accuracy where all channels align, `wga` where the second channel conflicts, `sss`: per channel.
    `follows`: the share of answers that follow each channel. Seeds differ by .01 in all but `aligned`, in an order of
    the row's own; their means are as given.
    """

    def make(label, task="signs-image", wga=0.5, sss=(0.3, 0.3), seeds=5, aligned=1.0, follows=(0.2, 0.1), **changes):
        order = np.random.default_rng(zlib.crc32(f"{label}/{task}/seeds".encode())).permutation(seeds)
        steps = 0.01 * (order - (seeds - 1) / 2) if seeds % 2 else 0.02 * (order % 2 - 0.5)
        return [
            outcome(
                label,
                task,
                (aligned, 1.0, *[wga + step] * 2),
                [each + step / 4 for each in sss],
                [each + step / 4 for each in follows],
                seed,
                changes,
            )
            for seed, step in enumerate(steps)
        ]

    def outcome(label, task, accuracies, sss, follows, seed, changes):
        random = np.random.default_rng([zlib.crc32(f"{label}/{task}".encode()), seed])
        groups = groups_on_test(toy.task(task))
        correct = np.ones(len(groups), bool)
        for group in range(groups.max() + 1):
            wrong = PER_GROUP - round(accuracies[group % 4] * PER_GROUP)
            correct[random.permutation(np.flatnonzero(groups == group))[:wrong]] = False
        noise = 0.05 * random.normal(size=(2, TWINS))
        channels = zip(("color", "background"), sss, noise - noise.mean(axis=1, keepdims=True), strict=True)
        arrays = {f"sss/{channel}": mean + deviation for channel, mean, deviation in channels}
        fields = {"submission": label, "spec": f"{label}.py", "submission_sha256": label} | changes
        shares = dict(zip(("color", "background"), follows, strict=True))
        return make_outcome(toy, correct, seed, task, arrays, shares, **fields)

    return make


@pytest.fixture(scope="session")
def gathered(toy):
    """Return a function that gathers outcomes: label -> task -> outcomes."""

    def make(rows, baselines=None, published=None):
        rows = {label: {task: make_task_row(outcomes) for task, outcomes in row.items()} for label, row in rows.items()}
        metrics = read_published() if published is None else published
        names = sorted(rows) if baselines is None else baselines
        with pytest.MonkeyPatch.context() as patched:
            for module in (suite, board_rows):
                patched.setattr(
                    module, "is_baseline_row", lambda row: row.results[0].submission_sha256 != "of an earlier version"
                )
            return gather(toy, rows, metrics, {name: ACCESS.get(name, "none") for name in names})

    return make


@pytest.fixture(scope="session")
def rows(toy, make_outcomes):
    """Five methods on every task of the suite."""
    return {
        label: {
            task: make_outcomes(
                label, task, wga, (0.4 - wga / 4, 0.2 + wga / 9), follows=(0.6 - wga / 2, 0.3 - wga / 4)
            )
            for task in toy.tasks
        }
        for label, wga in METHODS.items()
    }


@pytest.fixture(scope="session")
def answers(rows, gathered):
    return ask(gathered(rows))


@pytest.fixture(scope="session")
def line():
    """Return a function that returns the only line of an answer's tables with these entries."""

    def find(answer, **entries):
        lines = [line for table in answer.tables.values() for line in table]
        (found,) = [each for each in lines if entries.items() <= each.items()]
        return found

    return find
