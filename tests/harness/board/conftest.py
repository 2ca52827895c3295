from dataclasses import replace

import pytest

from spurgen.harness.board.leaderboard import build

QUALITY = {"erm": 0.5, "focal": 0.55, "vrex": 0.6, "jtt": 0.7, "dfr": 0.9, "resample": 0.68, "group_dro": 0.95}
ACCESS = {
    "vrex": "envs",
    "jtt": "val_groups",
    "dfr": "val_groups",
    "resample": "train_groups",
    "group_dro": "train_groups",
}


@pytest.fixture
def task_board(suite):
    """Return a function that builds the board of one task from rows, by label."""
    return lambda rows: build(suite, {label: {"small-text": row} for label, row in rows.items()}).tasks["small-text"]


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
