import numpy as np
import pytest
from scipy.stats import binomtest

from spurgen.benchmark.errors import MetricError
from spurgen.harness import metrics


def test_one_group_is_clopper_pearson():
    for hits in (0, 7, 20):
        exact = binomtest(hits, 20).proportion_ci(0.9, method="exact")
        found = metrics.simultaneous_interval(np.array([hits]), np.array([20]), level=0.9)
        assert found == pytest.approx((exact.low, exact.high))


def test_many_groups_are_bonferroni():
    hits, sizes = np.array([45, 30, 50]), np.array([50, 40, 50])
    each = [binomtest(h, n).proportion_ci(1 - 0.05 / 3, method="exact") for h, n in zip(hits, sizes, strict=True)]
    expected = (min(ci.low for ci in each), min(ci.high for ci in each))
    assert metrics.simultaneous_interval(hits, sizes) == pytest.approx(expected)


@pytest.mark.parametrize("truth", [[0.9] * 64, [0.5] + [0.95] * 63])
def test_simultaneous_interval_covers_the_true_minimum(truth):
    hits = np.random.default_rng(2).binomial(50, truth, size=(300, 64))
    intervals = [metrics.simultaneous_interval(row, np.full(64, 50)) for row in hits]
    assert np.mean([low <= min(truth) <= high for low, high in intervals]) >= 0.95


def test_percentile_interval():
    assert metrics.percentile_interval(np.arange(101) / 100, 0.9) == pytest.approx((0.05, 0.95))


@pytest.mark.parametrize(
    ("hits", "sizes", "level", "message"),
    [
        ([3, 6], [5, 5], 0.95, "correct_counts: found 6 correct of 5 in group 1"),
        ([0, 0], [5, 0], 0.95, "group_sizes: found 0 in group 1"),
        ([1], [5, 5], 0.95, r"group_sizes: found shape \(2,\)"),
        ([-1], [5], 0.95, "correct_counts: found values from -1"),
        ([1], [5], 95, "level: found 95, expected a number strictly between 0 and 1"),
    ],
)
def test_impossible_counts_are_errors(hits, sizes, level, message):
    with pytest.raises(MetricError, match=message):
        metrics.simultaneous_interval(np.array(hits), np.array(sizes), level)


def test_replicates_must_be_finite():
    with pytest.raises(MetricError, match="replicates: found nan at"):
        metrics.percentile_interval(np.array([0.5, np.nan]))
