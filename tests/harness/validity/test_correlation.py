import numpy as np
import pytest
from scipy.stats import spearmanr

from spurgen.harness.validity.correlation import (
    REPLICATES,
    as_strata,
    concordance,
    correlate,
    draw_methods,
    estimate,
    partial_spearman,
    rank_rho,
    take,
)

TIERS = as_strata(["none"] * 3 + ["val_groups"] * 2 + ["train_groups"] * 7)  # those of SubpopBench's methods


def draw_pairs(random, count, strength):
    """Draw normal pairs of that correlation."""
    first = random.normal(size=count)
    return first, strength * first + np.sqrt(1 - strength**2) * random.normal(size=count)


def test_rho_equals_scipys_with_ties():
    random = np.random.default_rng(0)
    first, second = random.integers(6, size=(2, 40, 12)).astype(float)
    expected = [spearmanr(a, b).statistic for a, b in zip(first, second, strict=True)]
    assert rank_rho(first, second) == pytest.approx(np.array(expected))


def test_a_list_of_ties_has_no_rho():
    assert np.isnan(rank_rho(np.ones(5), np.arange(5.0)))
    assert correlate(np.ones(5), np.arange(5.0), None, "t") is None


def test_the_interval_covers_the_true_rho():
    truth = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's rho of a normal pair is (6 / pi) asin(r / 2)
    random = np.random.default_rng(1)
    intervals = [correlate(*draw_pairs(random, 19, 0.6), None, f"t{draw}").ends for draw in range(60)]
    assert np.mean([low <= truth <= high for low, high in intervals]) == pytest.approx(0.94, abs=0.06)


def test_uncertain_metrics_widen_the_interval():
    first, second = draw_pairs(np.random.default_rng(2), 19, 0.9)
    fixed = np.repeat(first[:, None], REPLICATES, axis=1)
    noisy = fixed + np.random.default_rng(3).normal(scale=0.7, size=fixed.shape)
    certain, uncertain = (correlate(first, second, replicates, "t") for replicates in (fixed, noisy))
    assert certain == correlate(first, second, None, "t")
    assert certain.value == uncertain.value
    assert np.ptp(uncertain.ends) > 1.3 * np.ptp(certain.ends)


def draw_tiered(random, boards, strength):
    """Draw pairs of rankings of 12 methods with that correlation within tiers; the tiers differ widely, in both."""
    first, second = draw_pairs(random, (boards, len(TIERS)), strength)
    return first + 10 * TIERS, second + 10 * TIERS


def test_a_ranking_that_agrees_through_the_tier_alone_has_no_agreement_within_tiers():
    first, second = draw_tiered(np.random.default_rng(5), 2000, 0.0)
    assert rank_rho(first, second).mean() > 0.75
    assert partial_spearman(first, second, TIERS).mean() == pytest.approx(0, abs=0.02)


def test_agreement_within_tiers_is_found_though_the_tiers_disagree():
    first, second = draw_tiered(np.random.default_rng(6), 2000, 0.9)
    assert rank_rho(first, second - 20 * TIERS).mean() < -0.6
    assert partial_spearman(first, second - 20 * TIERS, TIERS).mean() > 0.75


def test_partial_rho_is_the_correlation_of_shares_beaten_less_shares_that_beat():
    random = np.random.default_rng(7)
    first, second = random.integers(5, size=(2, 12)).astype(float)
    residuals = [
        [
            np.mean([np.sign(values[k] - values[other]) for other in np.flatnonzero(TIERS[k] == TIERS)])
            for k in range(12)
        ]
        for values in (first, second)
    ]
    assert partial_spearman(first, second, TIERS) == pytest.approx(np.corrcoef(residuals)[0, 1])


def test_one_tier_gives_spearmans_rho_and_a_tier_of_one_method_adds_nothing():
    random = np.random.default_rng(8)
    first, second = random.integers(6, size=(2, 9)).astype(float)
    alone = np.zeros(9, np.int64)
    assert partial_spearman(first, second, alone) == pytest.approx(rank_rho(first, second))
    more = [np.append(values, 99.0) for values in (first, second)]
    assert partial_spearman(*more, np.append(alone, 1)) == pytest.approx(rank_rho(first, second))
    assert np.isnan(partial_spearman(first, second, np.arange(9)))


def test_pairs_are_counted_within_tiers_and_ties_do_not_count():
    first, second = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 3.0])
    assert concordance(first, second, np.zeros(4, np.int64)) == (4, 5)
    assert concordance(first, second, np.array([0, 0, 1, 1])) == (2, 2)


def coverage_within_tiers(strength, boards):
    """Return how often the interval of rho within tiers covers its expected value."""
    random = np.random.default_rng(9)
    truth = np.nanmean(partial_spearman(*draw_tiered(random, 2000, strength), TIERS))
    drawn = zip(*draw_tiered(random, boards, strength), strict=True)
    intervals = [correlate(*board, None, f"t{draw}", TIERS).ends for draw, board in enumerate(drawn)]
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def test_the_interval_within_tiers_covers_the_true_rho():
    assert coverage_within_tiers(0.6, 60) == pytest.approx(0.95, abs=0.06)


def test_the_first_draw_is_every_method_and_replicates_take_their_own_values():
    points = np.array([1.0, 2.0, 3.0])
    drawn = draw_methods(3, 4, "t")
    assert drawn.shape == (5, 3)
    values = take(points, np.arange(1, 5) * 10 + points[:, None], drawn)
    assert values[0].tolist() == [1, 2, 3]
    assert (values[1:] // 10).astype(int).tolist() == [[k] * 3 for k in range(1, 5)]
    assert (values[1:] % 10).tolist() == points[drawn[1:]].tolist()


def test_replicates_without_a_statistic_are_left_out():
    assert estimate(np.array([np.nan, 1.0, 1.0])) is None
    found = estimate(np.array([0.5, 0.4, np.nan, 0.6]))
    assert (found.value, found.ends) == (0.5, pytest.approx((0.405, 0.595)))


if __name__ == "__main__":  # the figures of docs/validity.md
    for strength in (0.0, 0.3, 0.6, 0.9):
        print(f"correlation {strength}: {coverage_within_tiers(strength, 1000):.1%}")
