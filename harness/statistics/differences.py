"""Differences between metrics of the same samples and seeds: whether A is better than B."""

from collections.abc import Collection, Mapping, Sequence
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

    `replicates`, `other_replicates`: real (B,), B at least 2, of the same draws. The p-value is two-sided, of the
    difference over that deviation, so the interval excludes 0 exactly if p < 1 - `level`; where the deviation is 0, p
    is 0 if the points differ and 1 if they do not. Raises `MetricError` for replicates that do not fit each other or
    are not finite.
    """
    first = as_reals("replicates", replicates, ("B",))
    second = as_reals("other_replicates", other_replicates, (len(first),))
    spread, value = float((first - second).std(ddof=1)), float(point) - float(other)
    reach = float(-ndtri((1 - as_fraction("level", level)) / 2)) * spread
    certain = 0.0 if abs(value) > NOISE else 1.0
    p_value = float(2 * ndtr(-abs(value) / spread)) if spread > NOISE else certain
    return Difference(value, Interval(value - reach, value + reach), p_value)


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


def holm_by_label(p_values: Mapping[str, float | None], family: Collection[str]) -> dict[str, float | None]:
    """Return p-values adjusted by Holm's procedure, those of a family together.

    That of any other label is adjusted as if it alone stood beside the family, so that it moves no other.
    """
    of_family = {label: p for label, p in p_values.items() if label in family}
    adjusted = dict(zip(of_family, holm([*of_family.values()]), strict=True))
    others = {label: holm([p, *of_family.values()])[0] for label, p in p_values.items() if label not in family}
    return adjusted | others


def benjamini_hochberg(p_values: Float64) -> Float64:
    """Return p-values, float64 (n,), adjusted for their number by Benjamini & Hochberg (1995): float64 (n,) in [0, 1].

    To reject where the result is below 5 % keeps the expected share of false rejections among all at 5 %, and so the
    chance of any where all hypotheses are true. Of all pairs of rows, which share rows, that was found to hold
    (Williams, Jones & Tukey 1999, for the pairs of American states; here docs/simulations.md).
    """
    order = p_values.argsort()[::-1]  # from the largest on
    steps = p_values[order] * len(p_values) / np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum.accumulate(np.minimum(steps, 1))
    return adjusted
