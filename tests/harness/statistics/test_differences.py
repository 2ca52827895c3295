import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, ttest_rel

from spurgen.benchmark.errors import MetricError
from spurgen.harness.statistics.differences import benjamini_hochberg, holm, paired_difference, seed_p_value


def test_interval_excludes_zero_exactly_where_p_is_below_the_level():
    rng = np.random.default_rng(0)
    noise, other = rng.normal(scale=0.1, size=(2, 500))
    spread = (noise - other).std(ddof=1)
    for gap in np.linspace(0.1, 0.5, 41):
        found = paired_difference(0.2 + gap, noise, 0.2, other)
        assert found.value == pytest.approx(gap)
        assert (found.interval.low > 0) == (found.p < 0.05)
        assert found.p == pytest.approx(2 * norm.sf(gap / spread))
        assert found.interval == pytest.approx((gap - 1.959964 * spread, gap + 1.959964 * spread), abs=1e-6)


def test_shared_variation_cancels():
    shared = np.random.default_rng(1).normal(size=300)
    found = paired_difference(0.51, shared + 0.51, 0.5, shared + 0.5)
    assert (*found.interval, found.p) == (pytest.approx(0.01), pytest.approx(0.01), 0)
    assert paired_difference(0.5, np.zeros(9), 0.5, np.zeros(9)).p == 1


def test_without_spread_p_is_zero_or_one():
    same = np.zeros(5)
    assert [paired_difference(point, same, 0.5, same).p for point in (0.5, 0.25)] == [1, 0]
    assert paired_difference(0.1 + 0.2, same, 0.3, same).p == 1  # they differ by one rounding


@pytest.mark.parametrize("count", [2, 3, 5, 20])
def test_t_test_is_that_of_scipy(count):
    ours, erm = np.random.default_rng(count).random((2, count))
    assert seed_p_value(ours, erm) == pytest.approx(ttest_rel(ours, erm).pvalue, rel=1e-13)


@pytest.mark.parametrize(("ours", "erm"), [([0.5], [0.1]), ([0.3, 0.4], [0.1, 0.2]), ([0.3, 0.4], [0.3, 0.4])])
def test_there_is_no_t_test_without_a_spread(ours, erm):
    assert seed_p_value(np.array(ours), np.array(erm)) is None


def test_holm_by_hand_leaves_none_in_place():
    # .01 x 4, .02 x 3, .03 x 2 raised to .06, .04 x 1 raised to .06
    assert holm([0.04, None, 0.01, 0.03, 0.02]) == [
        pytest.approx(0.06), None, pytest.approx(0.04), pytest.approx(0.06), pytest.approx(0.06),
    ]  # fmt: skip
    assert holm([]) == []
    assert holm([None]) == [None]


def test_benjamini_hochberg_by_hand():
    adjusted = benjamini_hochberg(np.array([0.04, 0.01, 0.03, 0.02, 0.9]))
    assert adjusted == pytest.approx([0.05, 0.05, 0.05, 0.05, 0.9])
    assert benjamini_hochberg(np.array([0.04, 0.001])) == pytest.approx([0.04, 0.002])
    assert len(benjamini_hochberg(np.empty(0))) == 0


@given(st.lists(st.floats(0, 1), max_size=30))
def test_benjamini_hochberg_lies_between_raw_and_holm_and_rejects_the_largest_possible_set(p_values):
    raw = np.array(p_values, np.float64)
    adjusted = benjamini_hochberg(raw)
    assert (adjusted >= raw - 1e-12).all()
    assert (adjusted <= np.array(holm(p_values)) + 1e-12).all()
    for level in (0.05, 0.2, 0.7):
        counts = [k for k in range(1, len(raw) + 1) if np.sort(raw)[k - 1] * len(raw) / k < level]
        assert (adjusted < level).sum() == max(counts, default=0)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_order_and_lies_between_raw_and_bonferroni(p_values):
    raw, adjusted = np.array(p_values), np.array(holm(p_values))
    assert (adjusted >= raw).all()
    assert (adjusted <= np.minimum(raw * len(raw), 1)).all()
    assert (np.diff(adjusted[np.argsort(raw)]) >= 0).all()
    assert all(len(set(adjusted[raw == p])) == 1 for p in raw)  # ties stay ties


def test_bad_arrays_are_errors():
    with pytest.raises(MetricError, match=r"other_replicates: found shape \(3,\), expected shape \(4,\)"):
        paired_difference(0.1, np.zeros(4), 0.1, np.zeros(3))
    with pytest.raises(MetricError, match=r"others: found shape \(1,\)"):
        seed_p_value(np.array([0.1, 0.2]), np.array([0.1]))
