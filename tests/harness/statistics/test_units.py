import numpy as np
import pytest
from scipy.special import polygamma
from scipy.stats import t, ttest_rel

from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import (
    ANY,
    NOTHING,
    Prior,
    Spread,
    _inverse_trigamma,
    fit_prior,
    fit_spread,
    mean_estimate,
    mean_over_tasks,
    pair_p_values,
    paired,
    pool,
    variance_shape,
)

ROW, OTHER = np.array([0.5, 0.6, 0.4, 0.55, 0.45]), np.array([0.3, 0.45, 0.35, 0.3, 0.35])
PRIOR = Spread(NOTHING, Prior(0.02, 6.0))


def test_without_a_prior_it_is_the_paired_t_test():
    difference, expected = paired(ROW, OTHER, Spread()), ttest_rel(ROW, OTHER)
    assert difference.value == pytest.approx(0.15)
    assert difference.p == pytest.approx(expected.pvalue)
    assert difference.interval == pytest.approx(expected.confidence_interval())


def test_the_variance_is_never_below_the_priors_nor_the_pairs_own():
    own = (ROW - OTHER).var(ddof=1)
    prior = 0.02 * 2 * ROW.mean() * (1 - ROW.mean())  # of the row nearer to .5
    assert own < prior
    assert paired(ROW, OTHER, PRIOR).p == pytest.approx(2 * t.sf(0.15 / np.sqrt(prior / 5), 10))
    low = Spread(NOTHING, Prior(1e-6, 6.0))
    assert paired(ROW, OTHER, low).p == pytest.approx(2 * t.sf(0.15 / np.sqrt(own / 5), 10))


def test_a_row_near_the_edge_is_taken_to_vary_as_much_as_the_row_beside_it():
    at_edge, at_half = np.ones(5), np.full(5, 0.5)
    assert PRIOR.pair_shapes([at_edge, at_half]).tolist() == [0.5]
    assert PRIOR.pair_shapes([at_edge, at_edge])[0] == pytest.approx(2 * 0.995 * 0.005)


@pytest.mark.parametrize("spread", [Spread(), PRIOR])
def test_the_interval_excludes_0_exactly_if_p_is_below_5_percent(spread):
    for shift in np.linspace(0, 0.2, 41):
        difference = paired(OTHER + shift, ROW, spread)
        low, high = difference.interval
        assert (low > 0 or high < 0) == (difference.p < 0.05)


def test_the_interval_excludes_0_exactly_if_p_is_below_5_percent_below_one_degree_of_freedom():
    spread = Spread(Prior(1e-4, 0.8), Prior(1e-4, 0.8), ANY)
    for shift in np.geomspace(0.01, 100, 81):
        difference = paired(ROW[:1] + shift, ROW[:1], spread)
        assert (difference.interval.low > 0) == (difference.p < 0.05)


def test_there_is_no_interval_and_no_test_where_any_value_is_possible():
    few = Prior(0.5, 1.0)
    assert paired(ROW[:1], OTHER[:1], Spread(NOTHING, few)) is None
    assert mean_estimate(np.array([0.5]), Spread(few, NOTHING)) == Estimate(0.5)
    low, high = paired(ROW[:1], OTHER[:1], Spread(NOTHING, few, ANY)).interval
    assert low < -1 < 1 < high


def test_intervals_end_where_the_metric_does():
    row, few = np.array([0.9, 0.98, 0.4]), Spread(NOTHING, Prior(0.5, 1.0), (-1.0, 1.0))
    free = mean_estimate(row, Spread(ends=ANY))
    assert free.high > 1
    signed = mean_estimate(row, few)
    assert (signed.low, signed.high) == (free.low, 1.0)
    assert mean_estimate(-row, few).low == -1.0
    assert mean_estimate(-row, Spread()).low == 0.0
    assert paired(row[:1], -row[:1], few) is None


def test_rows_are_compared_on_the_units_that_both_have():
    assert paired(ROW[:2], OTHER, PRIOR).value == pytest.approx(0.175)
    assert paired(ROW[:1], OTHER, Spread()) is None
    assert paired(ROW[:1], OTHER, PRIOR).p > paired(ROW, OTHER, PRIOR).p


def test_rows_that_differ_by_the_same_amount_everywhere_are_not_certain_to_differ():
    high, low = np.ones(5), np.full(5, 0.98)
    assert paired(high, low, Spread()) is None
    assert paired(high, low, PRIOR).p > 0.01
    assert paired(high, high, PRIOR).p == 1


def test_p_values_of_all_pairs_are_those_of_each():
    rows = [ROW, OTHER[:3], np.ones(5)]
    expected = [paired(rows[a], rows[b], PRIOR).p for a, b in ((0, 1), (0, 2), (1, 2))]
    assert pair_p_values(rows, PRIOR).tolist() == pytest.approx(expected)
    assert pair_p_values([ROW], PRIOR).tolist() == []


def test_a_mean_has_the_t_interval_of_its_units():
    estimate, expected = mean_estimate(ROW, PRIOR), t.interval(0.95, 4, ROW.mean(), ROW.std(ddof=1) / np.sqrt(5))
    assert (estimate.low, estimate.high) == pytest.approx(expected)


def test_the_interval_of_a_proportion_is_at_least_as_wide_as_the_references_vary():
    spread = Spread(Prior(0.16, 10.0))
    for row in (ROW, 0.5 + 0.1 * (ROW - ROW.mean())):
        own = t.ppf(0.975, 4) * row.std(ddof=1)
        variance = max(row.var(ddof=1), 0.16 * row.mean() * (1 - row.mean()))
        reach = max(own, t.ppf(0.975, 14) * np.sqrt(variance)) / np.sqrt(5)
        estimate = mean_estimate(row, spread)
        assert estimate.ends == pytest.approx((max(row.mean() - reach, 0), min(row.mean() + reach, 1)))
        assert mean_estimate(row, Spread(Prior(0.16, 10.0), ends=ANY)).high == pytest.approx(
            row.mean() + own / np.sqrt(5)
        )


def test_few_or_equal_units_have_the_variance_of_the_references():
    spread = Spread(Prior(0.04, 10.0))
    for values, degrees, shape in ((np.array([0.5, 0.5]), 11, 0.25), (np.ones(5), 14, 0.004975)):
        error = np.sqrt(0.04 * shape / len(values))
        assert mean_estimate(values, spread).low == pytest.approx(values.mean() - t.ppf(0.975, degrees) * error)
    assert mean_estimate(np.ones(5), spread).high == 1


def test_a_single_unit_has_no_interval_over_units():
    assert mean_estimate(np.array([0.5]), Spread(Prior(0.04, 10.0))) == Estimate(0.5)


def test_equal_units_without_references_have_no_interval():
    assert mean_estimate(np.full(5, 0.4), Spread(ends=ANY)) == Estimate(0.4)


def test_a_metric_that_is_no_proportion_has_no_ends():
    estimate = mean_estimate(np.array([-2.0, 3.0, 1.0]), Spread(ends=ANY))
    assert estimate.low < 0
    assert estimate.high > 1


def test_the_spread_is_that_of_the_references():
    rng = np.random.default_rng(0)
    rows = 0.5 + 0.1 * rng.normal(size=(27, 5))
    spread = fit_spread(rows)
    raised = 0.04 * 30 / 26  # for 27 rows
    assert spread.rows.scale == pytest.approx(raised, rel=0.2)
    assert spread.pairs.scale == pytest.approx(raised, rel=0.2)
    assert spread.rows.degrees <= 26
    assert spread.pairs.degrees <= 26
    shared = rows + 0.3 * rng.normal(size=(1, 5))  # what all rows share does not count in their differences
    assert fit_spread(shared, ANY).pairs.scale == pytest.approx(fit_spread(rows, ANY).pairs.scale)


def test_references_with_one_unit_show_no_spread():
    assert fit_spread([ROW, OTHER[:1]]) == fit_spread([]) == Spread()
    assert fit_spread([ROW, OTHER, ROW[::-1], OTHER[:1]]) == fit_spread([ROW, OTHER, ROW[::-1]])


def test_the_mean_over_tasks_is_by_unit():
    assert mean_over_tasks([np.array([0.0, 1.0, 5.0]), np.array([0.5, 0.0])]).tolist() == [0.25, 0.5]


@pytest.mark.parametrize("x", [0.05, 0.7, 3.0, 400.0])
def test_trigamma_is_inverted(x):
    assert _inverse_trigamma(float(polygamma(1, x))) == pytest.approx(x)


@pytest.mark.parametrize("degrees", [4.0, 12.0])
def test_the_prior_that_drew_the_variances_is_found(degrees):
    rng, count = np.random.default_rng(0), 20_000
    shapes = rng.uniform(0.5, 2, count)
    variances = 0.01 * shapes * degrees / rng.chisquare(degrees, count) * rng.chisquare(4, count) / 4
    prior = fit_prior(variances, np.full(count, 4.0), shapes, np.inf)
    assert prior.degrees == pytest.approx(degrees, rel=0.1)
    assert prior.scale == pytest.approx(0.01 * degrees / (degrees - 2), rel=0.1)  # the mean, which is above the mode


def test_equal_variances_have_as_many_degrees_as_are_allowed():
    variances = 0.01 * np.random.default_rng(0).chisquare(4, 300) / 4
    assert fit_prior(variances, np.full(300, 4.0), np.ones(300), 8).degrees == 7


def test_the_scale_is_raised_where_few_rows_show_it():
    variances, degrees, shapes = np.array([0.01, 0.03]), np.full(2, 4.0), np.ones(2)
    scales = [fit_prior(variances, degrees, shapes, rows).scale for rows in (6, 27, np.inf)]
    assert scales == pytest.approx([0.02 * 9 / 5, 0.02 * 30 / 26, 0.02])


def test_a_variance_of_0_does_not_rule_the_prior():
    variances = 0.01 * np.random.default_rng(0).chisquare(4, 300) / 4
    variances[0] = 0
    assert fit_prior(variances, np.full(300, 4.0), np.ones(300), 1000).degrees > 20


def test_there_is_no_prior_without_variances():
    assert fit_prior(np.array([0.1]), np.array([4.0]), np.ones(1), 9) == NOTHING
    assert fit_prior(np.zeros(5), np.full(5, 4.0), np.ones(5), 9) == NOTHING


def test_variances_are_raised_to_the_priors_and_never_lowered():
    variance, degrees = Prior(0.5, 6.0).raised(np.array([4.0, 0.1]), np.array([2.0, 4.0]), np.array([2.0, 2.0]))
    assert (variance.tolist(), degrees.tolist()) == ([4.0, 1.0], [8.0, 10.0])
    assert NOTHING.raised(np.zeros(1), np.zeros(1), np.ones(1))[0].tolist() == [0.0]


def test_a_proportion_varies_most_in_the_middle_and_a_little_at_the_ends():
    assert variance_shape(np.array([0.5, 0.1, 0.9, 0.0, 1.0])).tolist() == pytest.approx(
        [0.25, 0.09, 0.09, 0.004975, 0.004975]
    )


def test_variances_are_pooled_within_rows_by_their_degrees_of_freedom():
    # squares about the rows' own means: .02 with one degree, .08 with two; a single seed has none
    rows = [np.array([0.1, 0.3]), np.array([0.5, 0.7, 0.9]), np.array([0.0])]
    found = pool(rows)
    assert found.degrees == 3
    assert found.deviation == pytest.approx(np.sqrt((0.02 + 0.08) / 3))
    assert pool([*rows, np.zeros(5)]) == found  # at a floor, where seeds cannot differ
    assert pool([np.array([0.1]), np.array([0.9]), np.zeros(5)]) is None
    assert pool([]) is None
