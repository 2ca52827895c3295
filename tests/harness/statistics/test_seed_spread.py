import numpy as np
import pytest
from scipy.stats import norm, t

from spurgen.harness.statistics.ranking import significantly_higher
from spurgen.harness.statistics.seed_spread import SeedSpread, add_noise, mean_deviation, pool

SPREAD, SAMPLING = 0.08, 0.025


def test_variances_are_pooled_within_rows_by_their_degrees_of_freedom():
    # squares about the rows' own means: .02 with one degree, .08 with two; a single seed says nothing
    rows = [np.array([0.1, 0.3]), np.array([0.5, 0.7, 0.9]), np.array([0.0])]
    found = pool(rows)
    assert found.degrees == 3
    assert found.deviation == pytest.approx(np.sqrt((0.02 + 0.08) / 3))
    assert pool([*rows, np.zeros(5)]) == found  # at a floor, where seeds cannot differ
    assert pool([np.array([0.1]), np.array([0.9]), np.zeros(5)]) is None
    assert pool([]) is None


def test_a_mean_has_the_larger_deviation_widened():
    widening = t.isf(0.025, 6) / norm.isf(0.025)
    figures = np.array([0.4, 0.6, 0.8])  # their own deviation is .2
    for pooled, larger in ((0.1, 0.2), (0.3, 0.3)):
        assert mean_deviation(figures, SeedSpread(pooled, 6)) == pytest.approx(larger / np.sqrt(3) * widening)
    assert mean_deviation(figures, SeedSpread(0.1, 6), own=False) == pytest.approx(0.1 / np.sqrt(3) * widening)
    assert mean_deviation(figures[:1], SeedSpread(0.1, 6)) == pytest.approx(0.1 * widening)
    assert mean_deviation(np.array([0.5]), None) == 0


def test_noise_has_the_deviation_and_no_mean():
    replicates = np.linspace(0.2, 0.6, 500)
    added = add_noise(replicates, 0.07, "task", "a", "wga") - replicates
    assert added.mean() == pytest.approx(0, abs=1e-12)
    assert added.std(ddof=1) == pytest.approx(0.07)
    assert np.array_equal(add_noise(replicates, 0.0, "a"), replicates)


def test_noise_is_drawn_for_the_names_alone():
    drawn = [add_noise(np.zeros(500), 0.07, "task", name, "wga") for name in ("a", "a", "b")]
    assert np.array_equal(drawn[0], drawn[1])
    assert abs(np.corrcoef(drawn[0], drawn[2])[0, 1]) < 0.15


def false_separations(seeds, widened=True, unlike=0.0, trials=400, forgiving=True, spread=SPREAD):
    """How often some two of rows of equal truth are told apart; `seeds`: of each row, `spread`: over seeds.

    `unlike`: the standard deviation of the log of the rows' spreads over seeds. `forgiving`: whether a row's own
    spread saves it from defeat.
    """
    rng, found, rows = np.random.default_rng(1), 0, len(seeds)
    sampling = SAMPLING * rng.normal(size=(rows, 300))
    for _ in range(trials):
        spreads = spread * np.exp(unlike * rng.normal(size=rows))
        luck = SAMPLING * rng.normal(size=rows)
        figures = [0.5 + own + sd * rng.normal(size=count) for own, sd, count in zip(luck, spreads, seeds, strict=True)]
        points, pooled = np.array([some.mean() for some in figures]), pool(figures)
        bare = points[:, None] + sampling
        drawn = [
            np.stack([
                add_noise(row, mean_deviation(some, pooled, own=own), str(k))
                for k, (row, some) in enumerate(zip(bare, figures, strict=True))
            ])
            for own in ((True,) if forgiving else (True, False))
        ]  # fmt: skip
        found += significantly_higher(points, *(drawn if widened else [bare])).any()
    return found / trials


@pytest.mark.parametrize("seeds", [[3] * 6, [5] * 12, [1, 1, 3], [1] * 5 + [3] * 5, [2, 2]], ids=str)
def test_equal_rows_are_rarely_told_apart(seeds):
    assert false_separations(seeds) < 0.08  # 400 trials at 5 %: below .08 in 99 of 100


@pytest.mark.parametrize("seeds", [[3] * 6, [1, 1, 3], [2, 2]], ids=str)
def test_nor_where_wild_seeds_save_from_no_defeat(seeds):
    assert false_separations(seeds, forgiving=False) < 0.08


@pytest.mark.parametrize("spread", [0.03, 0.14])
@pytest.mark.parametrize("seeds", [[3] * 6, [5] * 27], ids=str)
def test_nor_where_seeds_vary_less_or_more(seeds, spread):
    assert false_separations(seeds, spread=spread) < 0.08


@pytest.mark.parametrize("forgiving", [True, False])
def test_unequal_spreads_spoil_it_little(forgiving):
    assert false_separations([3] * 6, unlike=0.6, forgiving=forgiving) < 0.15


def test_and_more_where_half_of_such_rows_have_a_single_seed():
    assert false_separations([1] * 5 + [3] * 5, unlike=0.6) < 0.25


def test_without_the_noise_they_often_are():
    assert false_separations([3] * 6, widened=False) > 0.5
