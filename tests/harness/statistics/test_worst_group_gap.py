import numpy as np
import pytest

from spurgen.harness.statistics.worst_group_gap import worst_group_gap

SIZES = np.full(20, 100)


def drawn(accuracies, rng):
    """Draw the correct predictions of one seed, int64 (1, 20)."""
    return np.random.default_rng(rng).binomial(SIZES, accuracies)[None]


def test_the_gap_is_the_difference_of_the_means_over_seeds():
    first, second = np.full((2, 20), 90), np.full((2, 20), 80)
    first[0, 3], second[1, 4] = 70, 50
    gap = worst_group_gap(first, second, SIZES, 0.0, "a")
    assert gap.value == pytest.approx((0.7 + 0.9) / 2 - (0.8 + 0.5) / 2)
    assert gap.interval.low < gap.value < gap.interval.high
    assert gap == worst_group_gap(first, second, SIZES, 0.0, "a") != worst_group_gap(first, second, SIZES, 0.0, "b")


def simulate(first, second, seeds, count):
    """Compare models with these accuracies per group, 100 samples each, on `count` pairs of sets of samples.

    Return the expected gap, the share of intervals that cover it, and the share of p-values below 5 %.
    """
    sizes = np.full(len(first), 100)
    rng = np.random.default_rng(0)
    minima = [rng.binomial(sizes, each, (20_000, len(sizes))).min(axis=1).mean() / 100 for each in (first, second)]
    gaps = []
    for k in range(count):
        sides = [np.repeat(rng.binomial(sizes, each)[None], seeds, axis=0) for each in (first, second)]
        gaps.append(worst_group_gap(*sides, sizes, 0.0, f"{k}"))
    expected = minima[0] - minima[1]
    covered = np.mean([gap.interval.low <= expected <= gap.interval.high for gap in gaps])
    return expected, covered, np.mean([gap.p < 0.05 for gap in gaps])


def profiles(groups):
    """Return pairs of accuracies per group, each float64 (groups,): three of equal models, three of others."""
    alike, spread = np.full(groups, 0.8), np.linspace(0.3, 0.9, groups)
    one_worst = np.r_[0.3, np.full(groups - 1, 0.9)]
    return {
        "both .8 everywhere": (alike, alike),
        "both from .3 to .9": (spread, spread),
        "both .3 once, else .9": (one_worst, one_worst),
        "both .998 everywhere": (np.full(groups, 0.998),) * 2,
        "1 everywhere; .8 everywhere": (np.ones(groups), alike),
        ".3 once, else .9; .8 everywhere": (one_worst, alike),
        "at least .8; from .5 to .95": (
            np.maximum(np.linspace(0.5, 0.95, groups), 0.8),
            np.linspace(0.5, 0.95, groups),
        ),
    }


@pytest.mark.parametrize("seeds", [1, 4])
@pytest.mark.parametrize("profile", profiles(20))
def test_intervals_cover_and_equal_models_are_seldom_separated(seeds, profile):
    """Of 100 simulations at 95 % and 5 %, five standard deviations are 11 %."""
    expected, covered, separated = simulate(*profiles(20)[profile], seeds, 100)
    assert covered >= 0.95 - 0.11
    assert separated > 0.9 if expected > 0.1 else separated <= 0.05 + 0.11


def test_a_model_without_errors_on_one_side_is_not_certain():
    perfect = np.full((1, 20), 100)
    nearly = perfect.copy()
    nearly[0, 0] = 99
    assert worst_group_gap(perfect, nearly, SIZES, 0.0, "a").p > 0.2
    assert worst_group_gap(perfect, perfect, SIZES, 0.0, "a") == (0.0, (0.0, 0.0), 1.0)


def test_a_table_of_a_few_answers_is_found():
    honest, helped = drawn(0.8, 1), drawn(0.8, 2)
    assert worst_group_gap(np.maximum(helped, 96), honest, SIZES, 0.0, "a").p < 0.01


def test_noise_of_the_seeds_widens_the_interval_and_makes_a_gap_less_certain():
    first, second = drawn(0.9, 1), drawn(0.8, 2)
    sure, unsure = (worst_group_gap(first, second, SIZES, deviation, "a") for deviation in (0.0, 0.2))
    assert sure.p < unsure.p
    assert np.ptp(unsure.interval) > 2 * np.ptp(sure.interval)


if __name__ == "__main__":  # prints the table in docs/statistics.md
    for name, pair in profiles(80).items():
        expected, covered, separated = simulate(*pair, 1, 600)
        print(f"| {name} | {expected:+.2f} | {covered:.1%} | {separated:.1%} |")
