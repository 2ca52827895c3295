"""Moderated variances: few units estimate a variance poorly, so other rows' variances are used too (Smyth 2004).

The variance of a proportion falls towards 0 and 1, so the prior is a multiple of `variance_shape`. Its scale is the
mean of the ratios of variances to shapes, raised where few rows show it. Its degrees of freedom are estimated from how
much the logarithms of the ratios vary (Smyth 2004, section 6.2).

Smyth shrinks variances in both directions. Here they are only raised: a row that fails in one world of ten is at the
same value in most samples of five, so a small variance says little where other rows vary.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import digamma, polygamma

from spurgen.harness.metrics.arrays import Float64

EDGE = 0.005  # proportions nearer to 0 or 1 vary as one that is that near
LEAST = 0.01  # ratios below this share of the mean ratio count as that: the logarithm of 0 is infinite
MOST_DEGREES = 1e6
FEW_ROWS = 4  # chosen by simulated boards of 6 to 27 rows (docs/simulations.md)


class Prior(NamedTuple):
    """What is known of a variance before it is measured: `scale` times its shape, with degrees of freedom."""

    scale: float
    degrees: float

    def raised(self, variance: Float64, degrees: Float64, shape: Float64) -> tuple[Float64, Float64]:
        """Return the larger of each variance and the prior's, and both degrees of freedom together: float64 (...)."""
        return np.maximum(variance, self.scale * shape), self.degrees + degrees


NOTHING = Prior(0.0, 0.0)


def variance_shape(means: Float64) -> Float64:
    """Return how the variance of a proportion depends on its mean, up to a factor: float64 (...), positive."""
    inner = np.clip(means, EDGE, 1 - EDGE)
    shape: Float64 = inner * (1 - inner)
    return shape


def fit_prior(variances: Float64, degrees: Float64, shapes: Float64, rows: float) -> Prior:
    """Fit the prior to variances of at least 1 degree of freedom; float64 (n,) each, shapes positive.

    `rows`: how many independent rows, at least 2, the variances are of. The prior has at most `rows` - 1 degrees of
    freedom: the estimate from few rows is often far too high. Its scale is (`rows` + 3) / (`rows` - 1) times the mean
    ratio: few rows often lack one that varies much. There is no prior (0 degrees of freedom) for fewer than two
    variances, or if all are 0.
    """
    if len(variances) < 2 or not variances.any():
        return NOTHING
    ratios = variances / shapes
    mean = float(np.average(ratios, weights=degrees))
    logs = np.log(np.maximum(ratios, LEAST * mean)) - digamma(degrees / 2) + np.log(degrees / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, degrees / 2).mean())
    estimated = 2 * _inverse_trigamma(excess) if excess > 0 else MOST_DEGREES
    return Prior(mean * (1 + FEW_ROWS / (rows - 1)), min(estimated, rows - 1, MOST_DEGREES))


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
