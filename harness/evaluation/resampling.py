"""The bootstrap of samples within their groups, exact and fast: samples that agree in every run are drawn together."""

from typing import NamedTuple

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Float64, Int64
from spurgen.harness.statistics.bootstrap import named_generator

TWO = 2.0  # Agresti & Coull 1998: two successes and two failures


class Added(NamedTuple):
    """Samples that are added to every group before it is resampled: `weight` of each row of `right`, bool (P, R)."""

    right: Bool
    weight: float


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


def of_a_share(runs: int) -> Added:
    """Return what is added for a share: two samples that every run classifies correctly, and two that none does.

    Without them, a group of which all or none are right would not vary (Agresti & Coull 1998).
    """
    return Added(np.array([[True], [False]]).repeat(runs, axis=1), TWO)


def of_a_difference(first: int, second: int, groups: int) -> Added:
    """Return what is added for a difference of two models: two samples, each of which only one of them gets right.

    They are spread over the groups (Bonett & Price 2012). Samples on which both are right, or both wrong, would make a
    difference seem more certain than it is. `first`, `second`: the models' runs, which come in this order.
    """
    of_first = np.arange(first + second) < first
    return Added(np.stack([of_first, ~of_first]), 1 / groups)


def resample(cells: Cells, replicates: int, seed: int, added: Added) -> Float64:
    """Return the groups' accuracies in bootstrap replicates, float64 (B, R, G).

    Every group is resampled with replacement to its own size, and all runs share the samples of a replicate. What is
    `added` moves means towards its own, so the replicates serve for spread, not for means.
    """
    num_groups = int(cells.groups.max()) + 1
    accuracies = np.empty((replicates, cells.right.shape[1], num_groups))
    for k in range(num_groups):
        inside = cells.groups == k
        size = int(cells.counts[inside].sum())
        rng = named_generator("evaluate", seed, k)
        counts = np.concatenate([cells.counts[inside], np.full(len(added.right), added.weight)])
        right = np.concatenate([cells.right[inside], added.right])
        accuracies[:, :, k] = rng.multinomial(size, counts / counts.sum(), size=replicates) @ right / size
    return accuracies
