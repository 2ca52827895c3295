import numpy as np
import pytest
from scipy.special import polygamma

from spurgen.harness.statistics.moderation import NOTHING, Prior, _inverse_trigamma, fit_prior, variance_shape


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
