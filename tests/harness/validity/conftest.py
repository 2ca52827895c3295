"""A small suite of the kind that v1 is, and cells with planted figures."""

import json
import zlib

import numpy as np
import pytest

from spurgen.benchmark.result import Cell, pack
from spurgen.benchmark.suite import load_suite
from spurgen.generators import sample
from spurgen.harness.validity._published import read_published
from spurgen.harness.validity._report import examine
from spurgen.harness.validity._rows import gather

CLASSES, PER_GROUP, TWINS = 3, 100, 90
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
signs-text = { scenario = "signs", modality = "text", backbone = "pretrained", role = "main" }
dose-90-image = { scenario = "dose-90", modality = "image", role = "dose" }
dose-10-image = { scenario = "dose-10", modality = "image", role = "dose" }
dose-50-image = { scenario = "dose-50", modality = "image", role = "dose" }
"""
METHODS = {"erm": 0.3, "resample": 0.5, "group_dro": 0.7, "jtt": 0.85, "dfr": 0.95}


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
    return str(folder / "toy.toml")


@pytest.fixture(scope="session")
def toy(toy_file):
    return load_suite(toy_file)


@pytest.fixture(scope="session")
def make_cells(toy):
    """Makes a row's cells: `wga` in the group with the lowest accuracy, which falls with conflicts, SSS per channel."""

    groups = {}
    for name, scenario in toy.scenarios.items():
        groups[name] = sample(scenario, "test", range(scenario.num_test), images=False, captions=False).group_ids

    def make(label, task="signs-image", wga=0.5, sss=(0.3, 0.3), seeds=3, aligned=1.0, **changes):
        digest = toy.manifest.scenarios[toy.task(task).scenario.name].digest
        told = {"data_sha256": digest, **changes}
        where = groups[toy.task(task).scenario.name]
        return [cell(label, task, (aligned, 1.0, wga, wga), sss, seed, told, where) for seed in range(seeds)]

    return make


def cell(label, task, right, sss, seed, changes, groups):
    """Makes a cell whose figures follow from its samples; `right`: the share of right answers by alignment."""
    random = np.random.default_rng([zlib.crc32(f"{label}/{task}".encode()), seed])
    correct = np.ones(len(groups), bool)
    for group in range(CLASSES * 4):
        wrong = PER_GROUP - round(right[group % 4] * PER_GROUP)
        correct[random.permutation(np.flatnonzero(groups == group))[:wrong]] = False
    counts = np.bincount(groups, correct).astype(int)
    channels = dict(zip(("color", "background"), sss, strict=True))
    means = {"placebo": 0.05, "ig": -0.5, "core": 0.7, "cra": 0.4, "flip": 0.2}
    noise = {name: 0.05 * random.normal(size=TWINS) for name in channels}
    fields = {
        "suite": "toy", "task": task, "submission": label, "spec": f"{label}.py", "options": {}, "access": "none",
        "seed": seed, "identity": f"{label}{task}{seed}".ljust(16, "0"), "submission_sha256": label,
        "isolation": "process",
        "figures": {"accuracy": float(correct.mean()), "wga": float((counts / PER_GROUP).min()),
                    "aligned_accuracy": right[0], "sss": float(np.mean(sss)),
                    "sss_placebo": 0.05, "ig": -0.5, "core_sensitivity": 0.7, "cra": 0.4, "flip_rate": 0.2},
        "channels": {name: {"sss": value} for name, value in channels.items()}, "patterns": {"aa": right[0]},
        "groups": tuple(counts.tolist()), "provenance": {"seconds": {"fit": 1.0}},
        "samples": {
            "correct": pack(correct),
            **{name: pack(np.full(TWINS, mean)) for name, mean in means.items()},
            **{f"sss/{name}": pack(value + noise[name] - noise[name].mean()) for name, value in channels.items()},
        },
    }  # fmt: skip
    return Cell(**(fields | changes))


@pytest.fixture(scope="session")
def weigh(toy):
    """Gathers evidence from rows: label -> task -> cells."""

    def gathered(rows, references=None, baselines=None, published=None):
        figures = read_published() if published is None else published
        return gather(toy, rows, {"erm": references or {}}, figures, sorted(rows) if baselines is None else baselines)

    return gathered


@pytest.fixture(scope="session")
def rows(toy, make_cells):
    """Five methods with two seeds on every task of the suite."""
    return {
        label: {task: make_cells(label, task, wga, (0.4 - wga / 4, 0.2 + wga / 9), seeds=2) for task in toy.tasks}
        for label, wga in METHODS.items()
    }


@pytest.fixture(scope="session")
def references(make_cells):
    return {task: make_cells("erm", task, 0.97, uncorrelated=True) for task in ("signs-image", "signs-text")}


@pytest.fixture(scope="session")
def results(rows, references, weigh):
    return examine(weigh(rows, references))
