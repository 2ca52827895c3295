from dataclasses import asdict

import numpy as np
import pytest

from spurgen.harness.board.against_erm import against_erm
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.statistics.bootstrap import GroupWeights, group_bootstrap_weights
from spurgen.harness.statistics.differences import holm, seed_p_value

GROUPS = np.repeat(np.arange(4), 15)
WEIGHTS = GroupWeights(GROUPS, group_bootstrap_weights(GROUPS, 300, "t/test"))


@pytest.fixture
def row(suite, make_outcome):
    """Return a function that makes a row whose test samples are correct if their difficulty is below a bar.

    Half of the difficulty is the sample's own.
    """

    def make(bar, seeds=5, *, key=0, access="none"):
        difficulty = np.random.default_rng(7).random(len(GROUPS)) * 0.5
        outcomes = []
        for seed in range(seeds):
            correct = difficulty + np.random.default_rng([key, seed]).random(len(GROUPS)) * 0.5 < bar
            wga = float(correct.reshape(4, -1).mean(axis=1).min())
            outcomes.append(make_outcome(suite, correct, seed, metrics={"wga": wga}, access=access))
        return make_task_row(outcomes)

    return make


def drawn(row):
    return WEIGHTS.per_seed(row.correct)[0].mean(axis=0)


def compare(**rows):
    return against_erm(rows, lambda label, seeds: drawn(rows[label].first(seeds)))


def test_clear_differences_are_significant_and_others_undecided(row):
    table = compare(erm=row(0.5), high=row(0.8, key=1), low=row(0.2, key=2), same=row(0.5, key=3))
    assert {name: against.verdict for name, against in table.items()} == {
        "high": "better", "low": "worse", "same": "undecided",
    }  # fmt: skip
    low, high = table["high"].interval
    assert low < table["high"].difference < high
    assert low < 0.42 < high  # the mean of two uniforms is below .5 with chance 1/2, below .8 with 1 - 2 (1 - .8)^2
    assert all(against.seeds == 5 for against in table.values())


def test_the_interval_is_that_of_the_paired_replicates(row):
    rows = {"erm": row(0.5), "m": row(0.55, key=1)}
    against = compare(**rows)["m"]
    reach = 1.959964 * (drawn(rows["m"]) - drawn(rows["erm"])).std(ddof=1)
    assert against.interval == pytest.approx((against.difference - reach, against.difference + reach))
    wga = [rows[name].metric("wga") for name in ("m", "erm")]
    assert against.difference == pytest.approx(wga[0].mean() - wga[1].mean())
    assert against.p_seeds == seed_p_value(*wga)


def test_every_p_value_is_corrected_for_the_number_of_methods(row):
    table = compare(erm=row(0.5), **{f"m{k}": row(0.5 + k / 50, key=k + 1) for k in range(5)})
    for kind in ("p_bootstrap", "p_seeds"):
        plain = [asdict(against)[kind] for against in table.values()]
        assert [asdict(against)[f"{kind}_holm"] for against in table.values()] == holm(plain)
        assert holm(plain) != plain


def test_only_common_seeds_count(row):
    rows = {"erm": row(0.5, seeds=3), "m": row(0.7, seeds=5, key=1)}
    against = compare(**rows)["m"]
    assert against == compare(erm=rows["erm"], m=rows["m"].first(3))["m"]
    assert against.seeds == 3


def test_with_one_common_seed_there_is_no_t_test(row):
    table = compare(erm=row(0.5, seeds=1), a=row(0.95, seeds=1, key=1), b=row(0.95, key=2))
    assert [(a.seeds, a.p_seeds, a.p_seeds_holm) for a in table.values()] == [(1, None, None)] * 2
    assert table["a"].verdict == "better"


def test_without_erm_nothing_is_compared(row):
    assert compare(m=row(0.5)) == {}


def test_the_access_of_both_is_shown(row):
    against = compare(erm=row(0.5), m=row(0.5, key=1, access="train_groups"))["m"]
    assert (against.access, against.erm_access) == ("train_groups", "none")
