from dataclasses import replace

import pytest

from spurgen.harness.board.leaderboard import build


@pytest.fixture
def task_board(suite):
    """Return a function that builds the board of one task from public and private rows, by label."""

    def make(rows, private=None):
        on_task = [{label: {"small-text": row} for label, row in part.items()} for part in (rows, private or {})]
        return build(suite, *on_task).tasks["small-text"]

    return make


@pytest.fixture
def board(suite, make_row):
    """A board of two tasks and a set of both: ERM with two seeds, a better row with one seed, and a failed one."""
    tasks = ("small-text", "small-image")
    rows = {
        "erm": {task: make_row(suite, 0.6, (0, 1), task=task) for task in tasks},
        "=<b>|x|`[": {task: make_row(suite, 1.0, task=task) for task in tasks},
        "gone": {
            "small-text": make_row(suite, 1.0, error="boom|"),
            "small-image": make_row(suite, 0.9, task="small-image"),
        },
    }
    return build(replace(suite, overall={"both": tasks}), rows)
