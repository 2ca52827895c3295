"""Differences between figures that were measured on the same seeds and samples."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import norm, ttest_rel

from spurgen.harness.metrics.arrays import Scores, as_fraction, as_reals
from spurgen.harness.statistics import ranking
from spurgen.harness.statistics.ranking import NOISE, difference_p_values


class Difference(NamedTuple):
    """Holds a difference, the ends of its interval, and the two-sided p-value of no difference."""

    value: float
    low: float
    high: float
    p: float


def paired_difference(
    point: float, replicates: Scores, other: float, other_replicates: Scores, *, level: float = 0.95
) -> Difference:
    """Returns `point` - `other` with a normal interval by the paired bootstrap's standard deviation.

    `replicates`, `other_replicates`: real (B,), B at least 2, of the same draws. The p-value is
    `ranking.difference_p_values`'s, so the interval leaves 0 out just when p < 1 - `level`.

    Raises:
        MetricError: for replicates that do not fit each other or are not finite.
    """
    first = as_reals("replicates", replicates, ("B",))
    both = np.stack([first, as_reals("other_replicates", other_replicates, (len(first),))])
    reach = float(norm.isf((1 - as_fraction("level", level)) / 2) * (both[0] - both[1]).std(ddof=1))
    value = float(point) - float(other)
    (p_value,) = difference_p_values(np.array([point, other]), both)
    return Difference(value, value - reach, value + reach, float(p_value))


def seed_p_value(figures: Scores, others: Scores) -> float | None:
    """Returns the p-value of the paired t-test over training seeds, two-sided, or None where there is none.

    `figures`, `others`: real (S,), the same seeds in the same order. There is none with one seed, nor
    where all seeds differ by the same amount: a spread of 0 over a handful of seeds is an accident of
    WGA's coarse steps, and would give p = 0.

    Raises:
        MetricError: for figures that do not fit each other or are not finite.
    """
    first = as_reals("figures", figures, ("S",))
    second = as_reals("others", others, (len(first),))
    if len(first) < 2 or float(np.ptp(first - second)) < NOISE:
        return None
    return float(ttest_rel(first, second).pvalue)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Returns what `ranking.holm` does of the p-values there are, in order; None stays None."""
    adjusted = iter(ranking.holm(np.array([p for p in p_values if p is not None])).tolist())
    return [None if p is None else next(adjusted) for p in p_values]
