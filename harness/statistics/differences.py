"""Differences between metrics of the same samples and seeds: whether A is better than B."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.special import ndtr, ndtri, stdtr

from spurgen.harness.metrics.arrays import Float64, Scores, as_fraction, as_reals
from spurgen.harness.metrics.intervals import Interval

ALPHA = 0.05  # of all tests
NOISE = 1e-12  # differences of proportions below it are rounding
PValue = TypeVar("PValue", float, float | None)


class Difference(NamedTuple):
    """A difference, its interval, and the two-sided p-value of no difference."""

    value: float
    interval: Interval
    p: float


def paired_difference(
    point: float, replicates: Scores, other: float, other_replicates: Scores, *, level: float = 0.95
) -> Difference:
    """Return `point` - `other` with a normal interval, by the standard deviation of the paired bootstrap.

    `replicates`, `other_replicates`: real (B,), B at least 2, of the same draws. The p-value is that of
    `difference_p_values`, so the interval excludes 0 exactly if p < 1 - `level`. Raises `MetricError` for replicates
    that do not fit each other or are not finite.
    """
    first = as_reals("replicates", replicates, ("B",))
    both = np.stack([first, as_reals("other_replicates", other_replicates, (len(first),))])
    reach = float(-ndtri((1 - as_fraction("level", level)) / 2) * (both[0] - both[1]).std(ddof=1))
    value = float(point) - float(other)
    (p_value,) = difference_p_values(np.array([point, other]), both)
    return Difference(value, Interval(value - reach, value + reach), float(p_value))


def difference_p_values(points: Scores, replicates: Scores, beaten: Scores | None = None) -> Float64:
    """Return two-sided p-values of all pairs i < j, in the order of `numpy.triu_indices`: float64 (R (R - 1) / 2,).

    `points`: real (R,). `replicates`: real (R, B), paired; `beaten`: the replicates of a row where it is the lower of
    the two, default the same. z is the difference of points over the standard deviation of the replicates'
    differences, with a normal tail. Where that deviation is 0, p is 0 if the points differ and 1 if they do not.
    """
    lower = replicates if beaten is None else beaten
    p_values = [np.empty(0)]
    for first in range(len(points) - 1):
        rest, above = slice(first + 1, None), points[first] > points[first + 1 :]
        difference = np.abs(points[first] - points[rest])
        spread = np.where(
            above,
            (replicates[first] - lower[rest]).std(axis=1, ddof=1),
            (lower[first] - replicates[rest]).std(axis=1, ddof=1),
        )
        certain = np.where(difference > NOISE, 0.0, 1.0)
        tail = 2 * ndtr(-difference / np.maximum(spread, NOISE))
        p_values.append(np.where(spread > NOISE, tail, certain))
    return np.concatenate(p_values)


def seed_p_value(values: Scores, others: Scores) -> float | None:
    """Return the two-sided p-value of the paired t-test over training seeds, or None where there is no test.

    `values`, `others`: real (S,), the same seeds in the same order. There is no test with one seed, nor where all seeds
    differ by the same amount: a spread of 0 over a few seeds is an accident of WGA's coarse steps and would give p = 0.
    Raises `MetricError` for arrays that do not fit each other or are not finite.
    """
    first = as_reals("values", values, ("S",))
    difference = first - as_reals("others", others, (len(first),))
    count = len(difference)
    if count < 2 or float(np.ptp(difference)) < NOISE:
        return None
    error = np.sqrt(difference.var() * (count / (count - 1)) / count)
    return float(2 * stdtr(count - 1, -np.abs(difference.mean() / error)))


def holm(p_values: Sequence[PValue]) -> list[PValue]:
    """Return p-values adjusted for their number by Holm's step-down (Holm 1979), each in [0, 1]; None stays None.

    To reject where the result is below 5 % keeps the chance of any false rejection below 5 %.
    """
    present = np.array([p for p in p_values if p is not None])
    order = present.argsort()
    steps = present[order] * np.arange(len(present), 0, -1)
    adjusted = np.empty_like(present)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    values = iter(adjusted.tolist())
    return [p if p is None else next(values) for p in p_values]
