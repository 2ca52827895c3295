import numpy as np
import pytest

from spurgen.harness.board.overall import rank_set
from spurgen.harness.metrics import basic_interval

COUNT = 400


def made_board(wgas, unranked=(), **changes):
    """A task's board and replicates, in which rows with the same WGA are alike."""
    rng = np.random.default_rng(0)
    rows = [
        {"submission": label, "access": "none", "seeds": 3, "seed_variance": "own", "wga": wga, "accuracy": 0.9,
         "sss": 0.2, "ig": -0.5} | changes.get(label, {})
        for label, wga in wgas.items()
    ]  # fmt: skip
    replicates = {label: np.tile(wga + 0.02 * rng.normal(size=COUNT), (2, 1)) for label, wga in wgas.items()}
    return {"rows": rows, "unranked": [{"submission": s, "reason": r} for s, r in unranked]}, replicates


def ranked(members=("one", "two"), **parts):
    return rank_set(members, {n: b for n, (b, _) in parts.items()}, {n: r for n, (_, r) in parts.items()})


def test_rows_are_ranked_by_their_mean_over_the_set():
    parts = {"one": made_board({"a": 0.2, "b": 0.5}), "two": made_board({"b": 0.4, "a": 0.9}, a={"seeds": 2})}
    found = ranked(**parts, three=made_board({"b": 1.0}))
    assert found["tasks"] == ["one", "two"]
    assert [(row["rank"], row["submission"], row["seeds"]) for row in found["rows"]] == [(1, "a", 2), (2, "b", 3)]
    assert found["rows"][0]["wga"] == pytest.approx(0.55)
    for row in found["rows"]:
        replicates = np.mean([drawn[row["submission"]][0] for _, drawn in parts.values()], axis=0)
        assert row["wga_ci"] == list(basic_interval(row["wga"], replicates))
    assert found["unranked"] == []


def test_what_one_row_lacks_touches_no_other():
    one = made_board({"a": 0.5, "b": 0.6, "c": 0.6})
    two = made_board({"a": 0.5}, unranked=[("b", "failed with seed 0: boom"), ("d", "incomplete")])
    found = ranked(one=one, two=two)
    assert [row["submission"] for row in found["rows"]] == ["a"]
    assert found["unranked"] == [
        {"submission": "b", "reason": "two: failed with seed 0: boom"},
        {"submission": "c", "reason": "two: not run"},
    ]


def test_a_task_that_nobody_ran_ranks_nobody():
    found = ranked(one=made_board({"a": 0.5}))
    assert (found["rows"], found["unranked"]) == ([], [{"submission": "a", "reason": "two: not run"}])


def test_a_row_that_was_given_different_things_is_not_ranked():
    found = ranked(one=made_board({"a": 0.5}), two=made_board({"a": 0.5}, a={"access": "envs"}))
    assert found["rows"] == []
    assert found["unranked"] == [{"submission": "a", "reason": "was given none on one, envs on two"}]


@pytest.mark.parametrize(("variance", "worst"), [("pooled", "pooled"), ("unknown", "unknown"), ("own", "own")])
def test_the_least_known_spread_over_seeds_is_told(variance, worst):
    two = made_board({"a": 0.5}, a={"seed_variance": variance})
    assert ranked(one=made_board({"a": 0.5}), two=two)["rows"][0]["seed_variance"] == worst
