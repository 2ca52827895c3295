from functools import partial

import pytest

from spurgen.harness.board.schema import PrivateFailure
from spurgen.harness.results.rows import make_task_row


@pytest.fixture
def board(task_board):
    """Return a function that builds the rows of a task's board from public and private rows, by label."""
    return lambda *rows: {row.submission: row for row in task_board(*rows).rows}


@pytest.fixture
def hidden(suite, make_row):
    """Return a function that makes a row on private splits."""
    return partial(make_row, suite, verification="private")


def test_the_private_gap_is_shown_and_results_for_all_seeds_verify_a_row(suite, make_row, board, hidden):
    public = {name: make_row(suite, 0.9, (0, 1)) for name in ("all", "one", "none")}
    private = {"all": hidden(0.6, (0, 1)), "one": hidden(0.9, (1,))}
    rows = board(public, private)
    shown, accuracy = rows["all"].private, private["all"].mean("accuracy")
    assert (shown.accuracy, shown.seeds) == (pytest.approx(accuracy), 2)
    assert shown.gap == pytest.approx(public["all"].mean("accuracy") - accuracy)
    assert (rows["one"].private.gap, rows["one"].private.seeds) == (pytest.approx(0), 1)
    assert rows["none"].private is None
    verified = {name: row.verification for name, row in rows.items()}
    assert verified == {"all": "private", "one": "self-reported", "none": "self-reported"}
    assert {name: row.rank for name, row in rows.items()} == {name: row.rank for name, row in board(public, {}).items()}


def test_the_gap_is_as_uncertain_as_two_accuracies_and_more_so_with_fewer_seeds(suite, make_row, board, hidden):
    widths = []
    for seeds in (4, 1):
        row = board({"a": make_row(suite, 0.9, range(4))}, {"a": hidden(0.9, range(seeds))})["a"]
        low, high = row.private.gap_ci
        assert (low + high) / 2 == pytest.approx(row.private.gap)
        widths.append((high - low) / (row.estimates["accuracy"].high - row.estimates["accuracy"].low))
    assert widths == pytest.approx([2**0.5, 8**0.5])


def test_a_failure_on_private_splits_is_shown(suite, make_row, make_outcome, board):
    outcomes = [make_outcome(suite, 0.9, 0, verification="private"), make_outcome(suite, 0.9, 1, error="boom")]
    row = board({"a": make_row(suite, 0.9, (0, 1))}, {"a": make_task_row(outcomes)})["a"]
    assert (row.private, row.verification) == (PrivateFailure("boom"), "self-reported")


@pytest.mark.parametrize("changes", [{"submission_sha256": "1"}, {"options": {"lr": 1}}, {"access": "envs"}])
def test_a_private_result_of_another_version_verifies_nothing(suite, make_row, board, hidden, changes):
    row = board({"edited": make_row(suite, 0.9)}, {"edited": hidden(0.9, **changes)})["edited"]
    assert (row.private, row.verification) == (None, "self-reported")
