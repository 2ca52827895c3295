from dataclasses import replace

import numpy as np
import pytest

from spurgen.benchmark.result import ConsistencyCheck, Environment, Provenance, Result
from spurgen.harness.board.leaderboard import build
from spurgen.harness.results.answered import answered, factors, scored_parts
from spurgen.harness.results.predicted import PREDICTED
from spurgen.harness.results.rows import make_task_row

QUALITY = {"erm": 0.5, "focal": 0.55, "vrex": 0.6, "jtt": 0.7, "dfr": 0.9, "resample": 0.68, "group_dro": 0.95}
ACCESS = {
    "vrex": "envs",
    "jtt": "val_groups",
    "dfr": "val_groups",
    "resample": "train_groups",
    "group_dro": "train_groups",
}
PROVENANCE = Provenance(
    finished="2026-01-01T00:00:00+00:00", consistency=ConsistencyCheck(worker="fresh"), seconds={"fit": 1.0},
    environment=Environment(python="3.11", machine="a machine", packages={}, spurgen="0.1"),
)  # fmt: skip


@pytest.fixture
def task_board(suite):
    """Return a function that builds the board of one task from public and private rows, by label."""

    def make(rows, private=None):
        on_task = [{label: {"small-text": row} for label, row in part.items()} for part in (rows, private or {})]
        return build(suite, *on_task).tasks["small-text"]

    return make


@pytest.fixture
def make_baselines(suite, make_row, as_baseline):
    """Return a function that makes rows of seven of our methods on a task, by label."""

    def make(units=5, task="small-text"):
        return {
            label: make_row(
                suite, quality, range(units), task=task, access=ACCESS.get(label, "none"), **as_baseline(label)
            )
            for label, quality in QUALITY.items()
        }

    return make


@pytest.fixture
def board(suite, make_row, make_baselines):
    """A board of two tasks and a set of both: our methods, a stranger's row, one of two seeds, and a failed one."""
    tasks = ("small-text", "small-image")
    rows = {label: {} for label in QUALITY}
    for task in tasks:
        for label, row in make_baselines(task=task).items():
            rows[label][task] = row
    rows |= {
        "=<b>|x|`[": {task: make_row(suite, 1.0, range(5), task=task) for task in tasks},
        "short": {task: make_row(suite, 0.8, range(2), task=task) for task in tasks},
        "gone": {
            "small-text": make_row(suite, 1.0, error="boom|"),
            "small-image": make_row(suite, 0.9, range(5), task="small-image"),
        },
    }
    return build(replace(suite, overall={"both": tasks}), rows)


@pytest.fixture(scope="session")
def make_rung_outcome():
    """Return a function that makes a result on a rung, and its samples, from which its metrics follow.

    A share `follow` of answers are the class of the shortcuts shown, of the others a share `right` the thing's.
    """

    def answer(rung, part, seed, follow, right):
        made, rng = factors(rung.ladder, part), np.random.default_rng([seed, *part.encode()])
        shown = made.channel_values[part.partition("/")[2] if part.partition("/")[2] in rung.channels else "hue"]
        voted = (rng.random(len(shown)) < follow) & (shown < rung.num_classes)
        known = rng.random(len(shown)) < right
        return np.where(voted, shown, np.where(known, made.labels, (made.labels + 1) % rung.num_classes))

    def make(frozen, follow, seed=0, task="few-text-4", right=0.95, **changes):
        rung = frozen.task(task).in_world(seed)
        classes = {part: answer(rung, part, seed, follow, right) for part in scored_parts(rung)}
        found, bases = answered(rung, classes), rung.num_classes * rung.ladder.twins_per_class
        fields = {
            "suite": frozen.name, "task": task, "submission": "m", "spec": "m.py", "options": {}, "access": "none",
            "seed": seed, "identity": f"{seed}" * 64, "submission_sha256": "0", "isolation": "process",
            "data_sha256": frozen.data_digest(frozen.task(task)), "groups": tuple(found.counts.correct.tolist()),
            "metrics": found.metrics | {"sss": 0.25, "ig": -0.5},
            "channels": {name: {"sss": 0.25, "follows": rate} for name, rate in found.follows.items()},
            "provenance": PROVENANCE,
        }  # fmt: skip
        samples = {"correct": found.correct, "ig": np.full(bases, -0.5)}
        samples |= {f"sss/{name}": np.full(bases, 0.25) for name in rung.channels}
        samples[PREDICTED] = np.concatenate([*classes.values()]).astype(np.uint8)[None, :]
        return Result(**(fields | changes)), samples

    return make


@pytest.fixture(scope="session")
def make_rung_row(make_rung_outcome):
    """Return a function that makes a row on a rung: `make_rung_outcome` of every seed, by default of all worlds."""

    def make(frozen, follow, seeds=range(5), **changes):
        return make_task_row([make_rung_outcome(frozen, follow, seed, **changes) for seed in seeds])

    return make


FOLLOW = {"erm": (0.9, 0.6), "focal": (0.85, 0.55), "jtt": (0.7, 0.3), "subg": (0.5, 0.1), "group_dro": (0.4, 0.05)}
GIVEN = {"jtt": "val_groups", "subg": "train_groups", "group_dro": "train_groups"}


@pytest.fixture
def ladder_rows(make_rung_row, as_baseline):
    """Return a function that makes rows of five of our methods on the rungs above 0 of the ladder with a ceiling."""

    def make(frozen, seeds=range(5)):
        return {
            label: {
                f"few-text-{m}": make_rung_row(
                    frozen, follow, seeds, task=f"few-text-{m}", access=GIVEN.get(label, "none"), **as_baseline(label)
                )
                for m, follow in zip((4, 16), follows, strict=True)
            }
            for label, follows in FOLLOW.items()
        }

    return make


@pytest.fixture
def ladder_board(ladder_suite, ladder_rows, make_rung_row):
    """A board of a ladder: our methods, a stranger's row, one of two worlds, and a failed one."""
    tasks = ("few-text-4", "few-text-16")
    rows = ladder_rows(ladder_suite) | {
        "stranger": {task: make_rung_row(ladder_suite, 0.0, task=task) for task in tasks},
        "short": {task: make_rung_row(ladder_suite, 0.2, (0, 1), task=task) for task in tasks},
        "gone": {task: make_rung_row(ladder_suite, 0.2, (0,), task=task, error="boom") for task in tasks},
    }
    return build(ladder_suite, rows)
