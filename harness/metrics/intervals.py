"""Intervals of metrics from finitely many samples and seeds."""

from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv

from spurgen.harness.metrics.arrays import Labels, Scores, as_fraction, as_integers, as_reals, failure


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
    tail = (1 - as_fraction("level", level)) / len(hits) / 2
    # Of the groups of one size, the one with the fewest hits has the smallest ends.
    sizes, of_size = np.unique(sizes, return_inverse=True)
    fewest = np.full(len(sizes), np.iinfo(np.int64).max)
    np.minimum.at(fewest, of_size, hits)
    misses = sizes - fewest
    # The ends are quantiles of beta distributions; max(., 1) keeps their parameters positive where `where` overrides.
    low = np.where(fewest == 0, 0.0, betaincinv(np.maximum(fewest, 1), misses + 1, tail))
    high = np.where(misses == 0, 1.0, betaincinv(fewest + 1, np.maximum(misses, 1), 1 - tail))
    return Interval(float(low.min()), float(high.min()))


def percentile_interval(replicates: Scores, level: float = 0.95) -> Interval:
    """Return the middle `level` of bootstrap replicates, real (B,): correct for unbiased metrics, such as means."""
    tail = (1 - as_fraction("level", level)) / 2
    low, high = np.quantile(as_reals("replicates", replicates, ("B",)), [tail, 1 - tail])
    return Interval(float(low), float(high))
