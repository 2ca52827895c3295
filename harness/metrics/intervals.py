"""Intervals of metrics from finitely many samples and seeds."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv

from spurgen.harness.metrics.arrays import Int64, Labels, Scores, as_fraction, as_integers, as_reals, failure


class Interval(NamedTuple):
    """The two ends of an interval."""

    low: float
    high: float


def simultaneous_interval(correct_counts: Labels, group_sizes: Labels, level: float = 0.95) -> Interval:
    """Return an interval that covers the true minimum group accuracy with probability `level` or more.

    `correct_counts`, `group_sizes`: integers (G,), of independent samples (one seed). Every group gets its
    Clopper-Pearson interval at level 1 - (1 - level) / G (Clopper & Pearson 1934; Bonferroni). If all of them cover,
    the true minimum lies between the smallest lower and the smallest upper end. Raises `MetricError` for misshapen
    counts, an empty group, or more correct samples than samples.
    """
    hits = as_integers("correct_counts", correct_counts, "G", None)
    sizes = as_integers("group_sizes", group_sizes, len(hits), None)
    if (sizes == 0).any():
        raise failure("group_sizes", f"0 in group {int(sizes.argmin())}", "at least 1 everywhere", "add samples")
    misses = sizes - hits
    if (misses < 0).any():
        group = int(misses.argmin())
        actual = f"{hits[group]} correct of {sizes[group]} in group {group}"
        raise failure("correct_counts", actual, "at most group_sizes", "count both on the same samples")
    return simultaneous_intervals(hits[None], sizes, as_fraction("level", level))[0]


def simultaneous_intervals(hits: Int64, sizes: Int64, level: float) -> list[Interval]:
    """Return `simultaneous_interval` of every result, without its checks; `hits`: int64 (R, G), `sizes`: int64 (G,)."""
    tail = (1 - level) / len(sizes) / 2
    # Of the groups of one size, the one with the fewest hits has the smallest ends.
    fewest = {int(size): hits[:, sizes == size].min(axis=1).tolist() for size in np.unique(sizes)}
    ends = [[_clopper_pearson(count, size, tail) for count in counts] for size, counts in fewest.items()]
    return [Interval(min(low for low, _ in of), min(high for _, high in of)) for of in zip(*ends, strict=True)]


@lru_cache(maxsize=1024)
def _clopper_pearson(hits: int, size: int, tail: float) -> tuple[float, float]:
    """Return the interval of a share that misses with probability `tail` on each side: quantiles of a beta."""
    low = float(betaincinv(hits, size - hits + 1, tail)) if hits else 0.0
    return low, float(betaincinv(hits + 1, size - hits, 1 - tail)) if hits < size else 1.0


def percentile_interval(replicates: Scores, level: float = 0.95) -> Interval:
    """Return the middle `level` of bootstrap replicates, real (B,): correct for unbiased metrics, such as means."""
    tail = (1 - as_fraction("level", level)) / 2
    low, high = np.quantile(as_reals("replicates", replicates, ("B",)), [tail, 1 - tail])
    return Interval(float(low), float(high))
