import numpy as np
import pytest

from spurgen.harness.board.ranks import place_rows, rank_set
from spurgen.harness.board.schema import BoardRow, TaskBoard, Unranked
from spurgen.harness.metrics import basic_interval
from spurgen.harness.statistics.estimate import Estimate

COUNT = 400


def made_board(wgas, unranked=(), **changes):
    """A task's board and replicates, in which rows with the same WGA are alike."""
    rng = np.random.default_rng(0)
    rows = []
    for label, wga in wgas.items():
        metrics = {"wga": wga, "accuracy": 0.9, "sss": 0.2, "ig": -0.5}
        fields = {"access": "none", "seeds": 3, "seed_variance": "own"} | changes.get(label, {})
        estimates = {name: Estimate(value) for name, value in metrics.items()}
        rows.append(BoardRow(submission=label, name=label, estimates=estimates, **fields))
    replicates = {label: np.tile(wga + 0.02 * rng.normal(size=COUNT), (2, 1)) for label, wga in wgas.items()}
    return TaskBoard(rows, [Unranked(submission=label, reason=reason) for label, reason in unranked]), replicates


def ranked(**parts):
    boards, replicates = ({name: part[k] for name, part in parts.items()} for k in (0, 1))
    return rank_set(("one", "two"), boards, replicates)


def reasons(part):
    return {row.submission: row.reason for row in part.unranked}


def test_rows_are_ranked_by_their_mean_over_the_set():
    parts = {"one": made_board({"a": 0.2, "b": 0.5}), "two": made_board({"b": 0.4, "a": 0.9}, a={"seeds": 2})}
    part = ranked(**parts, three=made_board({"b": 1.0}))
    assert part.tasks == ("one", "two")
    assert [(row.rank, row.submission, row.seeds) for row in part.rows] == [(1, "a", 2), (2, "b", 3)]
    assert part.rows[0].value("wga") == pytest.approx(0.55)
    for row in part.rows:
        replicates = np.mean([drawn[row.submission][0] for _, drawn in parts.values()], axis=0)
        assert row.estimates["wga"].ends == basic_interval(row.value("wga"), replicates)
    assert part.unranked == []


@pytest.mark.parametrize("order", ["cabd", "dbac", "abcd"])
def test_equal_ranks_are_ordered_by_sss_then_by_the_size_of_ig_then_by_name(order):
    values = {"a": (0.1, 0.2), "b": (0.1, -0.2), "c": (0.1, -0.1), "d": (0.05, 9.0)}
    drawn = np.tile(0.5 + 0.02 * np.random.default_rng(0).normal(size=COUNT), (2, 1))
    rows = []
    for label in order:
        sss, ig = values[label]
        estimates = {"wga": Estimate(0.5), "sss": Estimate(sss), "ig": Estimate(ig)}
        about = {"submission": label, "name": label, "access": "none", "seeds": 1, "seed_variance": "own"}
        rows.append(BoardRow(estimates=estimates, **about))
    placed = place_rows(rows, dict.fromkeys("abcd", drawn))
    assert [(row.submission, row.rank, row.tied) for row in placed] == [(label, 1, True) for label in "dcab"]


def test_rows_of_a_set_are_compared_with_erm_by_the_mean_over_it():
    parts = {name: made_board({"erm": 0.5, "a": 0.5, "b": 0.9}, a={"access": "envs"}) for name in ("one", "two")}
    rows = {row.submission: row.against_erm for row in ranked(**parts).rows}
    assert rows["erm"] is None
    assert (rows["a"].verdict, rows["b"].verdict) == ("undecided", "better")
    assert rows["b"].difference == pytest.approx(0.4)
    assert (rows["a"].access, rows["a"].erm_access, rows["a"].seeds, rows["a"].p_seeds) == ("envs", "none", 3, None)
    assert all(row.against_erm is None for row in ranked(one=made_board({"b": 0.5}), two=made_board({"b": 0.5})).rows)


def test_what_one_row_lacks_does_not_affect_others():
    one = made_board({"a": 0.5, "b": 0.6, "c": 0.6})
    two = made_board({"a": 0.5}, unranked=[("b", "failed with seed 0: boom"), ("d", "incomplete")])
    part = ranked(one=one, two=two)
    assert [row.submission for row in part.rows] == ["a"]
    assert reasons(part) == {"b": "two: failed with seed 0: boom", "c": "two: not run"}


def test_a_set_with_a_task_that_has_no_rows_ranks_none():
    part = ranked(one=made_board({"a": 0.5}))
    assert (part.rows, reasons(part)) == ([], {"a": "two: not run"})


def test_a_row_with_different_access_tiers_is_not_ranked():
    part = ranked(one=made_board({"a": 0.5}), two=made_board({"a": 0.5}, a={"access": "envs"}))
    assert (part.rows, reasons(part)) == ([], {"a": "its access differs: none on one, envs on two"})


@pytest.mark.parametrize("variance", ["pooled", "unknown", "own"])
def test_the_least_known_variance_over_seeds_is_shown(variance):
    two = made_board({"a": 0.5}, a={"seed_variance": variance})
    assert ranked(one=made_board({"a": 0.5}), two=two).rows[0].seed_variance == variance
