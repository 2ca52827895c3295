import numpy as np
import pytest
from scipy.stats import norm, t

from spurgen.harness.statistics.seed_spread import SeedSpread, mean_deviation, pool


def test_variances_are_pooled_within_rows_by_their_degrees_of_freedom():
    # squares about the rows' own means: .02 with one degree, .08 with two; a single seed has none
    rows = [np.array([0.1, 0.3]), np.array([0.5, 0.7, 0.9]), np.array([0.0])]
    found = pool(rows)
    assert found.degrees == 3
    assert found.deviation == pytest.approx(np.sqrt((0.02 + 0.08) / 3))
    assert pool([*rows, np.zeros(5)]) == found  # at a floor, where seeds cannot differ
    assert pool([np.array([0.1]), np.array([0.9]), np.zeros(5)]) is None
    assert pool([]) is None


def test_the_deviation_of_a_mean_is_the_pooled_one_widened():
    widening = t.isf(0.025, 6) / norm.isf(0.025)
    assert mean_deviation(3, SeedSpread(0.1, 6)) == pytest.approx(0.1 / np.sqrt(3) * widening)
    assert mean_deviation(1, SeedSpread(0.1, 6)) == pytest.approx(0.1 * widening)
    assert mean_deviation(3, None) == 0
