import numpy as np
import pytest

from spurgen.harness.statistics.worst_group_gap import worst_group_gap

SIZES = np.full(20, 100)


def drawn(accuracies, seeds=1, rng=0, sets=1):
    """Draw the correct predictions of seeds that are all right on the same samples, int64 (sets * S, 20)."""
    rng = np.random.default_rng(rng)
    return np.repeat(rng.binomial(SIZES, accuracies, (sets, 20)), seeds, axis=0)


def test_the_gap_is_the_difference_of_the_means_over_seeds():
    first, second = np.full((2, 20), 90), np.full((2, 20), 80)
    first[0, 3], second[1, 4] = 70, 50
    gap = worst_group_gap(first, second, SIZES, 0.0, "a")
    assert gap.value == pytest.approx((0.7 + 0.9) / 2 - (0.8 + 0.5) / 2)
    assert gap.interval.low < gap.value < gap.interval.high
    assert gap == worst_group_gap(first, second, SIZES, 0.0, "a") != worst_group_gap(first, second, SIZES, 0.0, "b")


PROFILES = {
    "alike": (np.full(20, 0.8), np.full(20, 0.8)),
    "one worst": (np.r_[0.5, np.full(19, 0.9)], np.r_[0.5, np.full(19, 0.9)]),
    "perfect against all alike": (np.ones(20), np.full(20, 0.8)),
    "spread": (np.linspace(0.5, 1.0, 20), np.linspace(0.4, 0.9, 20)),
}


@pytest.mark.parametrize("seeds", [1, 4])
@pytest.mark.parametrize("profile", PROFILES)
def test_intervals_cover_and_equal_models_are_seldom_separated(seeds, profile):
    """Of 100 simulations at 95 % and 5 %, five standard deviations are 11 %."""
    first, second = PROFILES[profile]
    minima = [drawn(accuracies, 1, k, 20_000).min(axis=1).mean() / 100 for k, accuracies in enumerate((first, second))]
    expected = minima[0] - minima[1]
    gaps = [
        worst_group_gap(drawn(first, seeds, k), drawn(second, seeds, 1000 + k), SIZES, 0.0, f"{k}") for k in range(100)
    ]
    assert np.mean([gap.interval.low <= expected <= gap.interval.high for gap in gaps]) >= 0.95 - 0.11
    separated = np.mean([gap.p < 0.05 for gap in gaps])
    assert separated > 0.4 if expected > 0.05 else separated <= 0.05 + 0.11


def test_a_model_without_errors_on_one_side_is_not_certain():
    perfect = np.full((1, 20), 100)
    nearly = perfect.copy()
    nearly[0, 0] = 99
    assert worst_group_gap(perfect, nearly, SIZES, 0.0, "a").p > 0.2
    assert worst_group_gap(perfect, perfect, SIZES, 0.0, "a") == (0.0, (0.0, 0.0), 1.0)


def test_a_table_of_a_few_answers_is_found():
    honest, helped = drawn(0.8, rng=1), drawn(0.8, rng=2)
    assert worst_group_gap(np.maximum(helped, 96), honest, SIZES, 0.0, "a").p < 0.01


def test_noise_of_the_seeds_widens_the_interval_and_makes_a_gap_less_certain():
    first, second = drawn(0.9, rng=1), drawn(0.8, rng=2)
    sure, unsure = (worst_group_gap(first, second, SIZES, deviation, "a") for deviation in (0.0, 0.2))
    assert sure.p < unsure.p
    assert np.ptp(unsure.interval) > 2 * np.ptp(sure.interval)
