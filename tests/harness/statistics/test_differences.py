import numpy as np
import pytest
from scipy.stats import norm

from spurgen.benchmark.errors import MetricError
from spurgen.harness.statistics import ranking
from spurgen.harness.statistics.differences import holm, paired_difference, seed_p_value


def test_the_interval_and_the_p_value_agree():
    rng = np.random.default_rng(0)
    noise, other = rng.normal(scale=0.1, size=(2, 500))
    for gap in np.linspace(0.1, 0.5, 41):
        found = paired_difference(0.2 + gap, noise, 0.2, other)
        assert found.value == pytest.approx(gap)
        assert (found.low > 0) == (found.p < 0.05)
        spread = (noise - other).std(ddof=1)
        assert found.p == pytest.approx(2 * norm.sf(gap / spread))
        assert (found.low, found.high) == pytest.approx((gap - 1.959964 * spread, gap + 1.959964 * spread), abs=1e-6)


def test_what_two_rows_share_cancels():
    shared = np.random.default_rng(1).normal(size=300)
    found = paired_difference(0.51, shared + 0.51, 0.5, shared + 0.5)
    assert (found.low, found.high, found.p) == (pytest.approx(0.01), pytest.approx(0.01), 0)
    assert paired_difference(0.5, np.zeros(9), 0.5, np.zeros(9)).p == 1


def test_the_t_test_over_seeds_by_hand():
    # differences .1, .2, .3: t = .2 / (.1 / sqrt 3) = 2 sqrt 3, and with 2 degrees of freedom p = 1 - t / sqrt(2 + t^2)
    t = 2 * np.sqrt(3)
    ours, erm = np.array([0.5, 0.7, 0.4]), np.array([0.4, 0.5, 0.1])
    assert seed_p_value(ours, erm) == pytest.approx(1 - t / np.sqrt(2 + t * t))
    # paired: the same figures in another order are another test
    assert seed_p_value(np.sort(ours), erm) != pytest.approx(1 - t / np.sqrt(2 + t * t))


@pytest.mark.parametrize(("ours", "erm"), [([0.5], [0.1]), ([0.3, 0.4], [0.1, 0.2]), ([0.3, 0.4], [0.3, 0.4])])
def test_there_is_no_t_test_without_a_spread(ours, erm):
    assert seed_p_value(np.array(ours), np.array(erm)) is None


def test_holm_leaves_out_what_is_missing():
    assert holm([0.04, None, 0.01, 0.03, 0.02]) == [
        pytest.approx(0.06), None, pytest.approx(0.04), pytest.approx(0.06), pytest.approx(0.06),
    ]  # fmt: skip
    assert holm([]) == []
    assert holm([None]) == [None]


@pytest.mark.parametrize("count", [1, 2, 30])
def test_holm_is_the_one_that_ranks(count):
    p_values = np.random.default_rng(count).random(count) ** 4
    assert holm(p_values.tolist()) == pytest.approx(ranking.holm(p_values).tolist())


def test_what_does_not_fit_is_refused():
    with pytest.raises(MetricError, match=r"other_replicates: found shape \(3,\), expected shape \(4,\)"):
        paired_difference(0.1, np.zeros(4), 0.1, np.zeros(3))
    with pytest.raises(MetricError, match=r"others: found shape \(1,\)"):
        seed_p_value(np.array([0.1, 0.2]), np.array([0.1]))
