import numpy as np
import pytest

from spurgen.benchmark.result import Report, pack
from spurgen.harness.board.bootstrap import Plan
from spurgen.harness.board.eligibility import not_believed, not_fit
from spurgen.harness.board.leaderboard import build


@pytest.fixture
def judge(suite):
    task = suite.task("small-text")
    groups = Plan.of(task).groups
    return lambda cells: not_believed(suite, task, groups, cells)


def test_sound_cells_are_believed(suite, make_cell, judge):
    assert judge([make_cell(suite, 0.8, seed) for seed in range(3)]) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"error": "submission m.py: boom\nTraceback"}, "failed with seed 1: submission m.py: boom"),
        ({"error": ""}, "failed with seed 1: no reason given"),
        ({"suite": "v0"}, "scored as small-text of suite v0, which is not this task"),
        ({"verification": "private"}, "says that it was scored on private splits, and is a public result"),
        ({"patterns": {"aa": 0.99}}, "its figures do not follow from its samples: accuracy of aa 0.99, found "),
        ({"uncorrelated": True}, "a reference, trained without the correlations"),
        ({"data_sha256": "0" * 64}, "scored on other data than this suite's; run it again"),
        ({"submission_sha256": "1"}, "its cells come from different versions of it; run it again"),
        ({"access": "envs"}, "its cells disagree on what it was given: envs, none; run it again"),
        ({"figures": {"accuracy": 1.0}}, "its figures do not follow from its samples: accuracy 1, found "),
        ({"samples": {"correct": pack(np.ones(59, bool))}}, "its samples cannot be used: correct: found 59 of bool"),
    ],
)
def test_any_one_cell_spoils_its_row(suite, make_cell, judge, changes, reason):
    assert judge([make_cell(suite, 0.8), make_cell(suite, 0.8, 1, **changes)]).startswith(reason)
    assert judge([make_cell(suite, 0.8), make_cell(suite, 0.8, 1)]) is None


def test_a_cell_of_another_task_is_not_this_tasks(suite, make_cell, judge):
    reason = "scored as small-image of suite tiny, which is not this task"
    assert judge([make_cell(suite, 0.8, task="small-image")]) == reason


def test_the_file_that_is_to_blame_is_named(suite, make_cell, judge):
    cells = [make_cell(suite, 0.8), make_cell(suite, 0.8, 1)]
    cells[1].figures["wga"] = 0.99
    found = min(cells[1].groups) / 5
    wrong = f"its figures do not follow from its samples: wga 0.99, found {found:g} (small-text-1-{'1' * 16}.json)"
    assert judge(cells) == wrong


def test_a_failure_does_not_repeat_whose_and_where(suite, make_cell, judge):
    told = "submission m.py, task small-text: predict failed: KeyError"
    assert judge([make_cell(suite, 0.9, error=told)]) == "failed with seed 0: predict failed: KeyError"


def test_one_spoilt_cell_leaves_the_other_rows_alone(suite, make_cell):
    spoilt = make_cell(suite, 0.9, samples={})
    rows = {"good": {"small-text": [make_cell(suite, 0.8)]}, "bad": {"small-text": [spoilt]}}
    part = build(suite, rows)["tasks"]["small-text"]
    assert [row["submission"] for row in part["rows"]] == ["good"]
    file = f"small-text-0-{'0' * 16}.json"
    reason = f"its samples cannot be used: correct: found none, expected 60; score the cell again ({file})"
    assert part["unranked"] == [{"submission": "bad", "access": "none", "seeds": 1, "reason": reason}]


def test_a_row_must_be_complete_keep_its_promises_and_beat_chance(suite, make_cell):
    task = suite.task("small-text")
    good = [make_cell(suite, 0.8, seed) for seed in range(3)]
    assert not_fit(task, good) is None
    assert not_fit(task, good[::2]) == "incomplete: has the seeds 0, 2 instead of 0 to 1"
    broken = make_cell(suite, 0.8, 1, report=Report(checks={"kept": True, "balanced": False, "converged": False}))
    assert not_fit(task, [good[0], broken]) == "broke a promise with seed 1: it is not so that balanced, converged"
    chance = "not significantly better than chance in test accuracy"
    for right, reason in ((26, chance), (27, None)):  # of 60 at 1 / 3: p = .047 from 27 on
        assert not_fit(task, [make_cell(suite, np.arange(60) < right)]) == reason, right


@pytest.mark.parametrize(
    ("quality", "kept", "told"),
    [
        (0.9, {"sss/color": 0.1, "sss/background": 0.03}, None),
        (0.9, {"sss/color": 0.01, "sss/background": 0.03}, "sss 0.02, at least 0.0648 expected; it answers val"),
        (0.5, {"sss/color": 0.006, "sss/background": 0.01}, None),  # answers that are hardly better than chance
        (0.5, {"sss/color": 0.001, "sss/background": 0.007}, "sss 0.004, at least 0.0072 expected"),
        (1.0, {"core": 0.46}, None),
        (1.0, {"core": 0.44}, "core_sensitivity 0.44, at least 0.45 expected"),
        (0.5, {"core": 0.0}, None),  # who is right where shortcuts help alone may well ignore the core cue
    ],
)
def test_probabilities_that_move_less_than_answers_were_flattened(suite, make_cell, quality, kept, told):
    flat = make_cell(suite, quality, 1, kept={name: np.full(24, value) for name, value in kept.items()})
    found = not_fit(suite.task("small-text"), [make_cell(suite, 0.9), flat])
    assert (found is None) == (told is None)
    assert told is None or f"its probabilities are flatter than its answers with seed 1: {told}" in found
