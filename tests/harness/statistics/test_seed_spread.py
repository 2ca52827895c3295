import numpy as np
import pytest
from scipy.stats import norm, t

from spurgen.harness.statistics.ranking import difference_p_values
from spurgen.harness.statistics.seed_spread import SeedSpread, add_spread, pool

SPREAD = 0.07


def test_variances_are_pooled_within_rows_by_their_degrees_of_freedom():
    # squares about the rows' own means: .02 with one degree, .08 with two; a single seed says nothing
    rows = [np.array([0.1, 0.3]), np.array([0.5, 0.7, 0.9]), np.array([0.0])]
    found = pool(rows)
    assert found.degrees == 3
    assert found.deviation == pytest.approx(np.sqrt((0.02 + 0.08) / 3))
    assert pool([*rows, np.zeros(5)]) == found  # at a floor, where seeds cannot differ
    assert pool([np.array([0.1]), np.array([0.9]), np.zeros(5)]) is None
    assert pool([]) is None


def test_what_is_added_has_the_widened_deviation_and_no_mean():
    replicates = np.linspace(0.2, 0.6, 500)
    added = add_spread(replicates, SeedSpread(SPREAD, 4), "task", "a", "wga") - replicates
    assert added.mean() == pytest.approx(0, abs=1e-12)
    assert added.std(ddof=1) == pytest.approx(SPREAD * t.isf(0.025, 4) / norm.isf(0.025))


def test_noise_is_drawn_for_the_names_alone():
    drawn = [add_spread(np.zeros(500), SeedSpread(SPREAD, 4), "task", name, "wga") for name in ("a", "a", "b")]
    assert np.array_equal(drawn[0], drawn[1])
    assert abs(np.corrcoef(drawn[0], drawn[2])[0, 1]) < 0.15


def false_separations(rows, seeds, corrected=True, unlike=0.0, stuck=0, trials=800):
    """How often two equal methods with one seed each are told apart, beside `rows` others with `seeds` seeds.

    `unlike`: the standard deviation of the log of the methods' spreads; `stuck`: how many others are 0 on all seeds.
    """
    rng, count, found = np.random.default_rng(1), 300, 0
    sampling = 0.025 * rng.normal(size=(2, count))
    for _ in range(trials):
        own, others = (SPREAD * np.exp(unlike * rng.normal(size=size)) for size in (2, (rows, 1)))
        points = 0.5 + own * rng.normal(size=2) + 0.025 * rng.normal(size=2)
        spread = pool([*(0.5 + others * rng.normal(size=(rows, seeds))), *np.zeros((stuck, seeds))])
        drawn = points[:, None] + sampling
        if corrected:
            drawn = np.stack([add_spread(row, spread, name) for row, name in zip(drawn, "ab", strict=True)])
        found += difference_p_values(points, drawn)[0] < 0.05
    return found / trials


@pytest.mark.parametrize(("rows", "seeds"), [(1, 2), (1, 3), (4, 3), (20, 5)])
def test_equal_methods_with_one_seed_are_rarely_told_apart(rows, seeds):
    assert false_separations(rows, seeds) < 0.075  # 800 trials at 5 %: below .070 in 99 of 100


def test_rows_at_a_floor_and_unequal_spreads_spoil_it_little():
    assert false_separations(4, 3, stuck=4) < 0.075
    assert false_separations(10, 5, unlike=0.7, stuck=10) < 0.115  # with the floors counted in, .15


def test_without_the_spread_they_often_are():
    assert false_separations(1, 2, corrected=False) > 0.3
