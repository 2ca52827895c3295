"""A small suite with one world, and rows with known metrics."""

import json
import zlib
from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.ideal import IdealFile, IdealValues, dump_ideal
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board import eligibility
from spurgen.harness.board import references as board_references
from spurgen.harness.board.by_unit import groups_on_test
from spurgen.harness.results.derived import oracle_pulls
from spurgen.harness.results.identity import SCORING_VERSION
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
STRENGTHS = {"signs": 0.8, "dose-10": 0.1, "dose-50": 0.5, "dose-90": 0.9}
TASKS = """
[tasks]
signs-image = { scenario = "signs", modality = "image", role = "main" }
signs-text = { scenario = "signs", modality = "text", role = "main" }
dose-90-image = { scenario = "dose-90", modality = "image", role = "dose" }
dose-10-image = { scenario = "dose-10", modality = "image", role = "dose" }
dose-50-image = { scenario = "dose-50", modality = "image", role = "dose" }
"""
METHODS = {"erm": 0.3, "resample": 0.5, "group_dro": 0.7, "jtt": 0.85, "crt": 0.95}


@pytest.fixture(scope="session")
def toy_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suites")
    (folder / "toy").mkdir()
    for name, strength in STRENGTHS.items():
        (folder / "toy" / f"{name}.toml").write_text(SCENARIO.format(name=name, strength=strength))
    (folder / "toy.toml").write_text(TASKS)
    scenarios = {name: {"scenario_sha256": name.encode().hex().ljust(64, "0"), "parts": {}} for name in STRENGTHS}
    manifest = {"suite": "toy", "shard_size": 1, "scenarios": scenarios}
    (folder / "toy.manifest.json").write_text(json.dumps(manifest))
    suite = load_suite(str(folder / "toy.toml"))
    of_world = {name: {way: ideal_of(world) for way in ("image", "text")} for name, world in suite.scenarios.items()}
    suite.ideal_file.write_text(dump_ideal(IdealFile(suite="toy", worlds=of_world)))
    return str(folder / "toy.toml")


def ideal_of(world, robust_accuracy=1.0, reliance=0.0):
    """Make the stored values of an ideal observer, by default of data that ask for no shortcut."""
    metrics = {"robust_accuracy": robust_accuracy, "reliance": reliance}
    return IdealValues(scenario_sha256=world.digest, scoring=SCORING_VERSION, metrics=metrics, channels={})


@pytest.fixture(scope="session")
def toy(toy_file):
    return load_suite(toy_file)


@pytest.fixture(scope="session")
def make_outcomes(toy, make_outcome):
    """Return a function that makes results of all seeds with their samples, from which their metrics follow.

    `aligned`: the accuracy where all channels align, `wga` where the second channel conflicts, `sss`: per channel.
    `metrics`: others, such as reliance. `leans`: reliance per channel, by default that of `metrics` and half of it.
    Seeds differ by .01 in all but `aligned`, in an order of the row's own; their
    means are as given.
    """

    def make(
        label, task="signs-image", wga=0.5, sss=(0.3, 0.3), seeds=5, aligned=1.0, metrics=(), leans=None, **changes
    ):
        order = np.random.default_rng(zlib.crc32(f"{label}/{task}/seeds".encode())).permutation(seeds)
        steps = 0.01 * (order - (seeds - 1) / 2) if seeds % 2 else 0.02 * (order % 2 - 0.5)
        return [
            outcome(
                label,
                task,
                (aligned, 1.0, *[wga + step] * 2),
                [each + step / 4 for each in sss],
                {name: value + step / 4 for name, value in dict(metrics).items()},
                leans and [each + step / 4 for each in leans],
                seed,
                changes,
            )
            for seed, step in enumerate(steps)
        ]

    def outcome(label, task, accuracies, sss, more, leans, seed, changes):
        random = np.random.default_rng([zlib.crc32(f"{label}/{task}".encode()), seed])
        groups = groups_on_test(toy.task(task))
        correct = np.ones(len(groups), bool)
        for group in range(groups.max() + 1):
            wrong = PER_GROUP - round(accuracies[group % 4] * PER_GROUP)
            correct[random.permutation(np.flatnonzero(groups == group))[:wrong]] = False
        noise = 0.05 * random.normal(size=(2, TWINS))
        channels = zip(("color", "background"), sss, noise - noise.mean(axis=1, keepdims=True), strict=True)
        arrays = {f"sss/{channel}": mean + deviation for channel, mean, deviation in channels}
        oracles = oracle_pulls(toy.task(task).scenario)
        largest = more.get("reliance", 0.15)
        leans = dict(zip(("color", "background"), leans or (largest, largest / 2), strict=True))
        arrays |= {f"pull/{name}": np.full(TWINS, oracles[name] * lean) for name, lean in leans.items()}
        arrays |= {name: np.full(TWINS, more[name]) for name in ("core_use",) if name in more}
        fields = {"submission": label, "spec": f"{label}.py", "submission_sha256": label} | changes
        result, samples = make_outcome(toy, correct, seed, task, arrays, **fields)
        metrics = {**result.metrics, "aligned_accuracy": accuracies[0], **more}
        channels = {name: row | {"reliance": leans[name]} for name, row in result.channels.items()}
        return result.model_copy(update={"metrics": metrics, "channels": channels}), samples

    return make


@pytest.fixture(scope="session")
def gathered(toy):
    """Return a function that gathers outcomes: label -> task -> outcomes; references: task -> outcomes.

    `ideals`: task -> robust accuracy and reliance of its ideal observer, in place of 1 and 0; None: not stored.
    """

    def make(rows, references=None, baselines=None, published=None, ideals=()):
        rows, references = (
            {label: {task: make_task_row(outcomes) for task, outcomes in row.items()} for label, row in table.items()}
            for table in (rows, {"erm": references or {}})
        )
        metrics = read_published() if published is None else published
        names = sorted(rows) if baselines is None else baselines
        with pytest.MonkeyPatch.context() as patched:
            for module in (suite, eligibility, board_references):
                patched.setattr(
                    module, "is_baseline_row", lambda row: row.results[0].submission_sha256 != "of an earlier version"
                )
            ranked = gather(toy, rows, references, metrics, {name: ACCESS.get(name, "none") for name in names})
        tasks = {
            name: replace(ranked.tasks[name], ideals=[ideal_of(toy.task(name).scenario, *figures)] if figures else [])
            for name, figures in dict(ideals).items()
        }
        return replace(ranked, tasks={**ranked.tasks, **tasks})

    return make


@pytest.fixture(scope="session")
def rows(toy, make_outcomes):
    """Five methods on every task of the suite."""
    return {
        label: {
            task: make_outcomes(label, task, wga, (0.4 - wga / 4, 0.2 + wga / 9), metrics={"reliance": 0.6 - wga / 2})
            for task in toy.tasks
        }
        for label, wga in METHODS.items()
    }


@pytest.fixture(scope="session")
def references(make_outcomes):
    return {task: make_outcomes("erm", task, 0.97, uncorrelated=True) for task in ("signs-image", "signs-text")}


@pytest.fixture(scope="session")
def answers(rows, references, gathered):
    return ask(gathered(rows, references))


@pytest.fixture(scope="session")
def line():
    """Return a function that returns the only line of an answer's tables with these entries."""

    def find(answer, **entries):
        lines = [line for table in answer.tables.values() for line in table]
        (found,) = [each for each in lines if entries.items() <= each.items()]
        return found

    return find
