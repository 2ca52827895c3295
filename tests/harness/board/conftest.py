from dataclasses import replace

import pytest

from spurgen.harness.board.leaderboard import build


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
