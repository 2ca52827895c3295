"""Moderated variances: few units estimate a variance poorly, so it is shrunk towards that of other rows (Smyth 2004).

The variance of a proportion falls towards 0 and 1, so the prior is a multiple of `variance_shape`. Its scale is the
mean of the ratios of variances to shapes. Its degrees of freedom are estimated from how much the logarithms of the
ratios vary (Smyth 2004, section 6.2), and are at most those that the caller allows: where few rows are known, the
estimate is often far too high.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import digamma, polygamma

from spurgen.harness.metrics.arrays import Float64

EDGE = 0.005  # proportions nearer to 0 or 1 vary as one that is that near
LEAST = 0.01  # ratios below this share of the mean ratio count as that: the logarithm of 0 is infinite
MOST_DEGREES = 1e6


class Prior(NamedTuple):
    """What is known of a variance before it is measured: `scale` times its shape, with degrees of freedom."""

    scale: float
    degrees: float

    def moderated(self, variance: Float64, degrees: Float64, shape: Float64) -> tuple[Float64, Float64]:
        """Return the variances shrunk towards the prior, and their degrees of freedom; float64 (...) all."""
        total: Float64 = self.degrees + degrees
        squares = self.degrees * self.scale * shape + degrees * variance
        shrunk: Float64 = np.divide(squares, total, out=np.zeros_like(squares), where=total > 0)
        return shrunk, total


NOTHING = Prior(0.0, 0.0)


def variance_shape(means: Float64) -> Float64:
    """Return how the variance of a proportion depends on its mean, up to a factor: float64 (...), positive."""
    inner = np.clip(means, EDGE, 1 - EDGE)
    shape: Float64 = inner * (1 - inner)
    return shape


def fit_prior(variances: Float64, degrees: Float64, shapes: Float64, most_degrees: float) -> Prior:
    """Fit the prior to variances of at least 1 degree of freedom; float64 (n,) each, shapes positive.

    There is no prior (0 degrees of freedom) for fewer than two variances, or if all are 0.
    """
    if len(variances) < 2 or not variances.any():
        return NOTHING
    ratios = variances / shapes
    scale = float(np.average(ratios, weights=degrees))
    logs = np.log(np.maximum(ratios, LEAST * scale)) - digamma(degrees / 2) + np.log(degrees / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, degrees / 2).mean())
    estimated = 2 * _inverse_trigamma(excess) if excess > 0 else MOST_DEGREES
    return Prior(scale, min(estimated, most_degrees, MOST_DEGREES))


def _inverse_trigamma(value: float) -> float:
    """Return x with trigamma(x) = value, by Newton's method on 1 / trigamma (Smyth 2004, appendix)."""
    guess = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, guess))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, guess))
        guess += step
        if abs(step) < 1e-9 * guess:
            break
    return guess
