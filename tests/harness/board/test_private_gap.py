from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from spurgen.harness.board.by_unit import groups_on_test
from spurgen.harness.board.private_gap import private_gap, worse_in_private
from spurgen.harness.board.schema import PrivateGap
from spurgen.harness.metrics.accuracies import Interval
from spurgen.harness.results.rows import TaskRow, make_task_row
from spurgen.harness.statistics.units import SeedSpread


@pytest.fixture
def board(task_board):
    """Return a function that builds the rows of a task's board from public and private rows, by label."""
    return lambda *rows: {row.submission: row for row in task_board(*rows).few}


@pytest.fixture
def hidden(suite, make_row):
    """Return a function that makes a row on private splits."""
    return partial(make_row, suite, verification="private")


def robust(row):
    """Return the mean of what ranks a row's results."""
    return row.mean("robust_accuracy")


def test_the_private_gap_is_shown_and_results_for_all_seeds_verify_a_row(suite, make_row, board, hidden):
    public = {name: make_row(suite, 0.9, (0, 1)) for name in ("all", "one", "none")}
    private = {"all": hidden(0.6, (0, 1)), "one": hidden(0.9, (1,))}
    rows = board(public, private)
    shown, row = rows["all"].private, private["all"]
    assert (shown.robust_accuracy, shown.seeds) == (pytest.approx(robust(row)), 2)
    assert shown.gap == pytest.approx(robust(public["all"]) - shown.robust_accuracy)
    assert (rows["one"].private.gap, rows["one"].private.seeds) == (pytest.approx(0), 1)
    assert rows["none"].private is None
    verified = {name: row.verification for name, row in rows.items()}
    assert verified == {"all": "private", "one": "self-reported", "none": "self-reported"}
    assert {name: row.ranked_by for name, row in rows.items()} == {
        name: row.ranked_by for name, row in board(public, {}).items()
    }


def test_a_row_that_is_significantly_worse_on_private_splits_is_not_ranked(suite, make_row, task_board, hidden):
    groups = groups_on_test(suite.task("small-text"))
    worse = groups > 0  # in one group of three classes, nothing is correct
    public = {"honest": make_row(suite, 0.9), "table": make_row(suite, np.ones(len(groups), bool))}
    board = task_board(public, {"honest": hidden(0.9), "table": hidden(worse)})
    assert [row.submission for row in board.few] == ["honest"]
    (row,) = board.unranked
    assert (row.submission, row.wga) == ("table", 1.0)
    assert row.reason.startswith("its accuracy if misled is 0.667 on private splits, significantly lower (p = 0.00")
    assert row.reason.endswith(") than on test, where it is 1.000")


def test_a_strangers_private_results_change_no_other_row():
    """Holm's correction is over the baselines and the row itself."""
    gap = PrivateGap(5, 0.45, 0.1, Interval(0.05, 0.15), 0.03)
    assert worse_in_private({"mine": gap}, []).keys() == {"mine"}
    assert worse_in_private({"mine": gap, "theirs": replace(gap, p=0.6)}, []).keys() == {"mine"}
    assert worse_in_private({"mine": gap, "erm": replace(gap, p=0.6)}, ["erm"]) == {}


def test_a_bad_seed_on_purpose_does_not_protect_a_row_from_its_gap(suite, make_row, task_board, hidden):
    groups = groups_on_test(suite.task("small-text"))
    right, one_wrong = np.ones(len(groups), bool), groups > 0
    honest = {f"m{k}": make_row(suite, 0.8 + k / 100, range(3)) for k in range(3)}
    rows = [make_row(suite, quality, (seed,)) for seed, quality in enumerate([right, right, one_wrong])]
    table = TaskRow(tuple(r.results[0] for r in rows), np.concatenate([r.correct for r in rows]), rows[0].sums)
    board = task_board(honest | {"table": table}, {"table": hidden(one_wrong, range(3))})
    assert "table" in {row.submission for row in board.unranked}


@pytest.mark.parametrize(
    "forged",
    [
        {"metrics": {}},
        {"metrics": {"accuracy": 1.0, "wga": 1.0}},
        {"robust_accuracy": 0.99},
        {"groups": (1, 2)},
        {"groups": (9,) * 12},
    ],
)
def test_a_row_with_forged_private_results_is_not_ranked(suite, make_row, task_board, hidden, forged):
    row = hidden(0.6)
    if "robust_accuracy" in forged:
        forged = {"metrics": row.results[0].metrics | forged}
    (row,) = task_board({"a": make_row(suite, 0.9)}, {"a": hidden(0.6, **forged)}).unranked
    assert row.reason == "its metrics on the private splits do not follow from its counts; score it there again"


def test_a_row_that_fails_on_private_splits_is_not_ranked(suite, make_row, make_outcome, task_board):
    outcomes = [make_outcome(suite, 0.9, 0, verification="private"), make_outcome(suite, 0.9, 1, error="boom")]
    (row,) = task_board({"a": make_row(suite, 0.9, (0, 1))}, {"a": make_task_row(outcomes)}).unranked
    assert row.reason == "failed on the private splits"


@pytest.mark.parametrize("changes", [{"submission_sha256": "1"}, {"options": {"lr": 1}}, {"access": "envs"}])
def test_a_private_result_of_another_version_verifies_nothing(suite, make_row, board, hidden, changes):
    row = board({"edited": make_row(suite, 0.9)}, {"edited": hidden(0.9, **changes)})["edited"]
    assert (row.private, row.verification) == (None, "self-reported")


def test_an_average_over_worlds_lowers_the_noise_of_the_gap_and_one_over_seeds_does_not(suite, make_row, hidden):
    task = suite.task("small-text")
    template = replace(task, scenario=task.scenario.model_copy(update={"worlds": 4}))
    groups, spread = groups_on_test(task), SeedSpread(0.2, 10_000)
    better, worse = (np.random.default_rng(0).random(len(groups)) < quality for quality in (0.9, 0.8))
    rows = make_row(suite, better, range(4)), hidden(worse, range(4))  # all seeds alike
    for noise in (spread, None):  # without noise of training, the samples of four worlds are independent
        widths = [np.ptp(private_gap(where, "a", *rows, noise).gap_ci) for where in (task, template)]
        assert widths[1] < 0.7 * widths[0]
