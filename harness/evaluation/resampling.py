"""The bootstrap of samples within their groups, exact and fast: samples that agree in every run are drawn together."""

from typing import NamedTuple

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Float64, Int64
from spurgen.harness.statistics.bootstrap import named_generator

ADDED = 2  # Agresti & Coull 1998: two successes and two failures


class Cells(NamedTuple):
    """Samples of a group that the same runs classify correctly, counted.

    `groups`: int64 (C,), ascending. `right`: which runs are right, bool (C, R). `counts`: samples, int64 (C,).
    """

    groups: Int64
    right: Bool
    counts: Int64


def count_cells(groups: Int64, right: Bool) -> Cells:
    """Count samples by group, int64 (n,), and by which runs are right, bool (R, n)."""
    packed = np.packbits(right, axis=0)
    rows = np.column_stack([groups.astype(">i8").view(np.uint8).reshape(len(groups), 8), packed.T])
    keys = np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").ravel()
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    return Cells(groups[first], right[:, first].T, counts)


def resample(cells: Cells, replicates: int, seed: int, added: int = ADDED) -> Float64:
    """Return the groups' accuracies in bootstrap replicates, float64 (B, R, G).

    Every group is resampled with replacement to its own size, and all runs share the samples of a replicate. To each
    group are added `added` samples that every run classifies correctly, and as many that none does: without them, a
    group of which all or none are right would not vary. So the replicates serve for spread, not for means.
    """
    num_groups = int(cells.groups.max()) + 1
    accuracies = np.empty((replicates, cells.right.shape[1], num_groups))
    for k in range(num_groups):
        inside = cells.groups == k
        size = int(cells.counts[inside].sum())
        rng = named_generator("evaluate", seed, k)
        counts = np.concatenate([cells.counts[inside], [added, added]])
        right = np.concatenate([cells.right[inside], np.array([[True], [False]]).repeat(cells.right.shape[1], axis=1)])
        accuracies[:, :, k] = rng.multinomial(size, counts / counts.sum(), size=replicates) @ right / size
    return accuracies
