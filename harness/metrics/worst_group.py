"""Worst-group accuracy: the lowest accuracy over groups (Sagawa et al. 2020, section 2)."""

from typing import NamedTuple

import numpy as np

from spurgen.harness.metrics.arrays import (
    Bool,
    Float64,
    Int64,
    Labels,
    Scores,
    as_flags,
    as_groups,
    as_reals,
    failure,
)
from spurgen.harness.metrics.correctness import correct


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

    The minimum over noisy groups is biased low: see `simultaneous_interval` and `statistics.worst_group_bias`.
    """
    return group_counts(logits, labels, group_ids, num_groups).worst
