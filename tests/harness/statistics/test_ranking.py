import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from spurgen.benchmark.errors import MetricError
from spurgen.harness.statistics.differences import difference_p_values
from spurgen.harness.statistics.ranking import better_than_chance, rank


def simulated(points, spread=0.01, count=400, seed=0):
    """Return points and replicates about them, each row with its own noise."""
    points = np.array(points, dtype=float)
    return points, points[:, None] + spread * np.random.default_rng(seed).normal(size=(len(points), count))


def test_rank_counts_significantly_higher_rows():
    # .60 and .61 do not differ significantly (z = .7), all other pairs do
    assert rank(*simulated([0.3, 0.6, 0.9, 0.61])) == [4, 2, 1, 2]


def test_significance_is_not_transitive():
    # the first and the last differ, neither differs from the middle: the last has one row above it
    assert rank(*simulated([0.54, 0.52, 0.5])) == [1, 1, 2]


def test_shared_noise_cancels_in_paired_rows():
    # a shared spread of .1 hides nothing if the difference varies by .001
    shared = 0.1 * np.random.default_rng(1).normal(size=400)
    points, replicates = simulated([0.5, 0.51], spread=0.001)
    assert rank(points, replicates + shared) == [2, 1]
    assert rank(points, replicates + np.stack([shared, np.roll(shared, 1)])) == [1, 1]


@pytest.mark.parametrize(("p_value", "expected"), [(0.048, [2, 1]), (0.052, [1, 1])])
def test_significant_is_below_five_per_cent(p_value, expected):
    points, replicates = simulated([0.5, 0.5])
    points[1] += norm.isf(p_value / 2) * (replicates[0] - replicates[1]).std(ddof=1)
    assert difference_p_values(points, replicates) == pytest.approx([p_value])
    assert rank(points, replicates) == expected


def test_a_rows_own_noise_costs_it_wins_and_prevents_no_loss():
    points, narrow = simulated([0.5, 0.6], spread=0.01)
    noisy = narrow + 0.3 * np.random.default_rng(1).normal(size=narrow.shape)
    for row, expected in ((0, [2, 1]), (1, [1, 1])):  # the lower row is noisy, then the higher one
        higher = narrow.copy()
        higher[row] = noisy[row]
        assert rank(points, higher, narrow) == expected
        assert rank(points[::-1], higher[::-1], narrow[::-1]) == expected[::-1]
        assert rank(points, higher) == [1, 1]


def test_more_rows_make_the_correction_stricter():
    # the same pair differs significantly alone, and not among 20 rows
    points, replicates = simulated([0.5, 0.535] + [0.5175] * 18)
    assert rank(points[:2], replicates[:2]) == [2, 1]
    assert set(rank(points, replicates)) == {1}


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_row_order_does_not_matter(seed, count):
    rng = np.random.default_rng(seed)
    points, replicates = simulated(rng.integers(5, size=count) / 50, seed=seed)
    replicates[rng.integers(count)] = replicates[0]
    places, shuffle = rank(points, replicates), rng.permutation(count)
    assert rank(points[shuffle], replicates[shuffle]) == [places[row] for row in shuffle]
    assert min(places) == 1


def test_no_row_and_a_single_row():
    assert rank(np.empty(0), np.empty((0, 5))) == []
    assert rank(*simulated([0.5])) == [1]


@pytest.mark.parametrize(
    ("correct", "count", "num_classes"),
    [(28, 200, 10), (20, 30, 2), (72, 300, 5), (114, 300, 3), (0, 5, 2), (5, 5, 2), (116, 1000, 10), (115, 1000, 10)],
)
def test_better_than_chance_is_the_exact_binomial(correct, count, num_classes):
    exact = binomtest(correct, count, 1 / num_classes, alternative="greater").pvalue
    assert better_than_chance(correct, count, num_classes) == (exact < 0.05)
    assert exact == 1 or better_than_chance(correct, count, num_classes, alpha=exact * (1 + 1e-9))
    assert not better_than_chance(correct, count, num_classes, alpha=exact * (1 - 1e-9))


def test_bad_arguments_are_errors():
    points, replicates = simulated([0.5, 0.6])
    for arguments, message in [
        ((points, replicates[:1]), r"replicates: found shape \(1, 400\)"),
        ((points, replicates[:, :1]), "replicates: found 1 replicate, expected at least 2"),
        ((np.array([0.5, np.nan]), replicates), "points: found nan at"),
    ]:
        with pytest.raises(MetricError, match=message):
            rank(*arguments)
    with pytest.raises(MetricError, match="correct: found 6 of 5 with 2 classes"):
        better_than_chance(6, 5, 2)
