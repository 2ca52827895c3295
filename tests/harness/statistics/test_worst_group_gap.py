import numpy as np
import pytest

import spurgen.harness.statistics.worst_group_gap as worst_group_gap_module
from spurgen.harness.statistics.worst_group_gap import worst_group_gap

SIZES = np.full(20, 100)


def drawn(accuracies, seeds=1, rng=0):
    """Draw the correct predictions of seeds that are all right on the same samples, int64 (S, 20)."""
    rng = np.random.default_rng(rng)
    return np.array([rng.binomial(SIZES, accuracies)] * seeds)


def test_the_gap_is_the_difference_of_the_means_over_seeds():
    first, second = np.full((2, 20), 90), np.full((2, 20), 80)
    first[0, 3], second[1, 4] = 70, 50
    gap = worst_group_gap(first, second, SIZES, 0.0, "a")
    assert gap.value == pytest.approx((0.7 + 0.9) / 2 - (0.8 + 0.5) / 2)
    assert gap.interval.low < gap.value < gap.interval.high
    assert gap == worst_group_gap(first, second, SIZES, 0.0, "a") != worst_group_gap(first, second, SIZES, 0.0, "b")


@pytest.mark.parametrize("seeds", [1, 4])
@pytest.mark.parametrize("accuracies", [np.full(20, 0.9), np.linspace(0.5, 1.0, 20)], ids=["alike", "one worst"])
def test_equal_models_are_separated_about_once_in_twenty(seeds, accuracies, monkeypatch):
    """With 100 simulations, five standard deviations above 5 % are 16 %."""
    monkeypatch.setattr(worst_group_gap_module, "REPLICATES", 300)
    ps = [
        worst_group_gap(drawn(accuracies, seeds, k), drawn(accuracies, seeds, 1000 + k), SIZES, 0.0, f"{k}").p
        for k in range(100)
    ]
    assert 0.005 <= np.mean(np.array(ps) < 0.05) <= 0.16


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
