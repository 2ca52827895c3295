"""Worst-group accuracy: the lowest accuracy over groups (Sagawa et al. 2020, section 2)."""

from typing import NamedTuple

import numpy as np

from spurgen.harness.metrics.arrays import Float64, Int64, Labels, Scores, as_groups
from spurgen.harness.metrics.correctness import correct


class GroupCounts(NamedTuple):
    """Holds, per group, the number of right samples and of all samples: int64 (G,) each."""

    correct: Int64
    sizes: Int64


def group_counts(logits: Scores, labels: Labels, group_ids: Labels, num_groups: int | None = None) -> GroupCounts:
    """Counts right samples and all samples in every group.

    `logits`: logits or probabilities (n, K). `labels`: integers (n,) in [0, K). `group_ids`:
    integers (n,) in [0, G), where G is `num_groups`, or the highest id + 1 when that is None.

    Raises:
        MetricError: for bad arrays, or for an empty group among 0 .. G - 1.
    """
    hits = correct(logits, labels)
    ids, sizes = as_groups(group_ids, len(hits), num_groups)
    return GroupCounts(np.bincount(ids[hits], minlength=len(sizes)).astype(np.int64), sizes)


def group_accuracies(logits: Scores, labels: Labels, group_ids: Labels, num_groups: int | None = None) -> Float64:
    """Returns the accuracy of every group: float64 (G,); arguments and errors as `group_counts`."""
    counts = group_counts(logits, labels, group_ids, num_groups)
    shares: Float64 = counts.correct / counts.sizes
    return shares


def worst_group_accuracy(logits: Scores, labels: Labels, group_ids: Labels, num_groups: int | None = None) -> float:
    """Returns the minimum of the group accuracies, in [0, 1]; arguments and errors as `group_counts`.

    The minimum of noisy groups is biased low: see `bias_corrected` and `simultaneous_interval`.
    """
    return float(group_accuracies(logits, labels, group_ids, num_groups).min())
