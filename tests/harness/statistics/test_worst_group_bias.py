import numpy as np
import pytest
from scipy.stats import binom
from simulated_minima import EIGHT, corrected_coverage, of_patterns, robust_bias

from spurgen.harness.statistics.worst_group_bias import corrected_wga, expected_minimum, shrunken

EQUAL = np.full(64, 0.9), np.full(64, 50)
ONE_LOW = np.r_[0.3, np.full(79, 0.9)], np.full(80, 100)
UNEQUAL_SIZES = np.tile(np.linspace(0.75, 0.95, 8), 10), np.tile([50] * 7 + [400], 10)


def test_the_expected_minimum_is_that_of_many_draws():
    for accuracies, sizes in (EQUAL, ONE_LOW, UNEQUAL_SIZES):
        minima = (np.random.default_rng(0).binomial(sizes, accuracies, (20_000, len(sizes))) / sizes).min(axis=1)
        assert expected_minimum(accuracies, sizes) == pytest.approx(minima.mean(), abs=0.001)
    assert expected_minimum(np.ones(3), np.full(3, 10)) == 1
    assert expected_minimum(np.zeros(3), np.full(3, 10)) == 0


def test_the_expected_minimum_is_that_of_the_sum_over_all_levels():
    for accuracies, sizes in (EQUAL, ONE_LOW, UNEQUAL_SIZES, (np.array([0.2, 0.7]), np.array([7, 11]))):
        levels = np.unique(np.concatenate([np.arange(size + 1) / size for size in sizes]))
        above = binom.sf(np.floor(levels[:-1, None] * sizes + 1e-9), sizes, accuracies).prod(axis=1)
        assert expected_minimum(accuracies, sizes) == pytest.approx((above * np.diff(levels)).sum(), abs=1e-13)


@pytest.mark.parametrize(("accuracies", "sizes", "raw"), [(*EQUAL, -0.11), (*ONE_LOW, 0.0), (*UNEQUAL_SIZES, -0.115)])
def test_the_correction_removes_at_least_half_of_the_bias(accuracies, sizes, raw):
    rng = np.random.default_rng(0)
    draws = [rng.binomial(sizes, accuracies) for _ in range(200)]
    bias = [
        np.mean([f(k) for k in draws]) - accuracies.min()
        for f in (lambda k: (k / sizes).min(), lambda k: corrected_wga(k, sizes))
    ]
    assert bias[0] == pytest.approx(raw, abs=0.015)
    assert abs(bias[1]) <= abs(bias[0]) / 2 + 0.01


def test_accuracies_are_shrunk_to_their_mean_as_far_as_chance_explains_them():
    sizes = np.full(4, 100)
    assert shrunken(np.array([80, 80, 80, 80]), sizes).tolist() == [0.8] * 4
    low, *high = shrunken(np.array([20, 90, 90, 90]), sizes)
    assert 0.2 < low < 0.23
    assert high[0] < 0.9


def test_a_perfect_and_a_hopeless_row_stay_so():
    sizes = np.full(8, 50)
    assert corrected_wga(sizes, sizes) == 1
    assert corrected_wga(0 * sizes, sizes) == 0


def test_the_corrected_minimum_is_never_above_the_mean():
    correct, sizes = np.array([3, 4, 4, 4, 4, 4]), np.full(6, 5)  # a lucky draw of equal groups
    assert corrected_wga(correct, sizes) == pytest.approx(correct.sum() / sizes.sum())


@pytest.mark.parametrize("deviation", [0.02, 0.05])
def test_intervals_of_the_corrected_minimum_cover_where_patterns_differ(deviation):
    accuracies = of_patterns(np.linspace(0.95, 0.36, 8), EIGHT)
    bias, covered = corrected_coverage(accuracies, EIGHT, deviation, 60)
    assert abs(bias) < 0.03
    assert covered > 0.85


def test_accuracy_if_misled_is_biased_where_all_states_are_equal_and_not_where_one_is_lowest():
    assert robust_bias(np.full(2, 0.85), np.array([500, 4000])) == pytest.approx(-0.007, abs=0.001)
    assert robust_bias(np.full(3, 0.36), np.full(3, 400)) == pytest.approx(-0.020, abs=0.001)
    assert abs(robust_bias(np.array([0.85, 0.85, 0.36]), np.full(3, 400))) < 0.001
