"""Margins of error of means whose uncertainty has several parts: the choice of samples, and the runs of each model."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri, stdtrit

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.differences import ALPHA, NOISE

SMALLEST = 1e-100  # p-values below it are 0; quantiles of much smaller ones overflow


class Part(NamedTuple):
    """An independent part of a mean's standard error, and its degrees of freedom: infinite if it counts as known."""

    error: float
    degrees: float = math.inf


def of_runs(values: Float64) -> list[Part]:
    """Return the standard error of the mean of runs, float64 (R,), as a list of one part, or of none with one run."""
    if len(values) < 2:
        return []
    return [Part(float(values.std(ddof=1)) / len(values) ** 0.5, len(values) - 1)]


def of_difference(first: Float64, second: Float64) -> list[Part]:
    """Return the parts that unpaired runs add to the difference of two models' means; float64 (R1,), (R2,).

    A single run is taken to vary as the runs of the other model do: it says nothing of its own variance.
    """
    if len(first) > 1 and len(second) > 1:
        return [*of_runs(first), *of_runs(second)]
    several = max(first, second, key=len)
    return [Part(part.error * (1 + len(several)) ** 0.5, part.degrees) for part in of_runs(several)]


def margin(parts: Sequence[Part], alpha: float = ALPHA) -> float:
    """Return half the width of the 1 - `alpha` interval of a mean whose error has independent parts.

    The margins of the parts, each by its own quantile of Student's t, are added in quadrature (Howe 1974; Zou & Donner
    2008). Satterthwaite's degrees of freedom are not used: they rise where two runs happen to agree, and such intervals
    cover too rarely.
    """
    return math.hypot(*(_quantile(part.degrees, alpha) * part.error for part in parts if part.error > 0))


def p_value(difference: float, parts: Sequence[Part]) -> float:
    """Return the two-sided p-value of no difference: the `alpha` at which the margin is as large as the difference."""
    if abs(difference) <= NOISE:
        return 1.0
    if margin(parts, SMALLEST) <= abs(difference):
        return 0.0

    def excess(log_alpha: float) -> float:
        return margin(parts, math.exp(log_alpha)) - abs(difference)

    return math.exp(float(brentq(excess, math.log(SMALLEST), 0.0)))


def _quantile(degrees: float, alpha: float) -> float:
    """Return the 1 - `alpha` / 2 quantile of Student's t."""
    return -float(ndtri(alpha / 2) if np.isinf(degrees) else stdtrit(degrees, alpha / 2))
