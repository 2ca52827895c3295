"""Accuracy: the share of samples whose highest score is at the label, over all samples, over classes, or of groups.

Worst-group accuracy is the lowest over groups (Sagawa et al. 2020, section 2).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv

from spurgen.harness.metrics.arrays import (
    Bool,
    Float64,
    Int64,
    Labels,
    Scores,
    as_flags,
    as_fraction,
    as_groups,
    as_integers,
    as_reals,
    failure,
)


def correct(logits: Scores, labels: Labels) -> Bool:
    """Return which samples are classified correctly, bool (n,); of equal scores the lowest class counts.

    `logits`: logits or probabilities (n, K). `labels`: integers (n,) in [0, K). Raises `MetricError` for non-finite or
    misshapen arrays, or labels out of range.
    """
    scores = as_reals("logits", logits, ("n", "K"))
    hits: Bool = scores.argmax(axis=1) == as_integers("labels", labels, *scores.shape)
    return hits


def accuracy(logits: Scores, labels: Labels) -> float:
    """Return the share of correct samples, in [0, 1]; arguments and errors as `correct`."""
    return float(correct(logits, labels).mean())


def class_accuracy(answers: Labels, labels: Labels, num_classes: int) -> float:
    """Return the accuracy averaged over classes, in [0, 1].

    `answers`, `labels`: integers (n,) in [0, K). Raises `MetricError` for arrays of another shape or range, or a class
    without samples.
    """
    truth = as_integers("labels", labels, "n", num_classes)
    _, sizes = as_groups(truth, "n", num_classes)
    given = as_integers("answers", answers, len(truth), num_classes)
    right = np.bincount(truth[given == truth], minlength=num_classes)
    return float((right / sizes).mean())


class GroupCounts(NamedTuple):
    """The number of correct samples and of all samples in every group: int64 (G,) each, sizes positive."""

    correct: Int64
    sizes: Int64

    @property
    def accuracies(self) -> Float64:
        """The accuracy of every group, float64 (G,)."""
        shares: Float64 = self.correct / self.sizes
        return shares

    @property
    def worst(self) -> float:
        """The worst-group accuracy, in [0, 1]."""
        return float(lowest_accuracy(self.accuracies))


def lowest_accuracy(accuracies: Float64) -> Float64:
    """Return the lowest accuracy of groups, which are the last axis: float64 (...)."""
    lowest: Float64 = accuracies.min(axis=-1)
    return lowest


def agree_and_mislead(group_accuracies: Scores, num_classes: int) -> Float64:
    """Return the accuracies where all shortcuts agree with the class, and where all mislead: float64 (..., 2).

    They are averaged over classes. `group_accuracies`: real (..., G), of group `class * (G / num_classes) + pattern`,
    where in the first pattern all agree, and in the last all mislead. Raises `MetricError` for an array that is not
    finite, or if `num_classes` does not divide G.
    """
    accuracies = as_reals("group_accuracies", group_accuracies, None)
    count = accuracies.shape[-1]
    if num_classes < 1 or count % num_classes:
        expected = f"a multiple of the {num_classes} classes"
        raise failure("group_accuracies", f"{count} groups", expected, "pass every (class, pattern) group")
    by_pattern = accuracies.reshape(*accuracies.shape[:-1], num_classes, -1).mean(axis=-2)
    ends: Float64 = by_pattern[..., [0, -1]]
    return ends


def count_groups(correct: Bool, group_ids: Labels, num_groups: int | None = None) -> GroupCounts:
    """Count the correct samples and all samples in every group.

    `correct`: bool (n,). `group_ids`: integers (n,) in [0, G), where G is `num_groups`, or the highest id + 1 if that
    is None. Raises `MetricError` for misshapen arrays, ids out of range, or an empty group among 0 .. G - 1.
    """
    hits = as_flags("correct", correct, ("n",))
    ids, sizes = as_groups(group_ids, len(hits), num_groups)
    return GroupCounts(np.bincount(ids[hits], minlength=len(sizes)).astype(np.int64), sizes)


def group_counts(logits: Scores, labels: Labels, group_ids: Labels, num_groups: int | None = None) -> GroupCounts:
    """Count as `count_groups` the samples that are `correct`.

    `logits`: logits or probabilities (n, K). `labels`: integers (n,) in [0, K). `group_ids`, `num_groups`: as there.
    Raises `MetricError` for non-finite or misshapen arrays, labels or ids out of range, or an empty group.
    """
    return count_groups(correct(logits, labels), group_ids, num_groups)


def group_accuracies(logits: Scores, labels: Labels, group_ids: Labels, num_groups: int | None = None) -> Float64:
    """Return the accuracy of every group, float64 (G,); arguments and errors as `group_counts`."""
    return group_counts(logits, labels, group_ids, num_groups).accuracies


def worst_group_accuracy(logits: Scores, labels: Labels, group_ids: Labels, num_groups: int | None = None) -> float:
    """Return the minimum of the group accuracies, in [0, 1]; arguments and errors as `group_counts`.

    The minimum over noisy groups is biased low: see `simultaneous_interval` and `statistics.samples`.
    """
    return group_counts(logits, labels, group_ids, num_groups).worst


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
