"""The bootstrap of samples within their groups, exact and fast: samples that agree in every run are drawn together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from spurgen.harness.metrics import lowest_accuracy
from spurgen.harness.metrics.arrays import Bool, Float64, Int64
from spurgen.harness.statistics.bootstrap import named_generator

REPLICATES = 2000
TWO = 2.0  # Agresti & Coull 1998: two successes and two failures


@dataclass(frozen=True)
class Design:
    """The groups of test samples.

    `ids`: int64 (n,), below G. `sizes`: int64 (G,), positive. `states`: weights of the groups' accuracies, float64
    (G,), that give the accuracy where all shortcuts `agree`, and where all `mislead`; `missing_states`: states that
    some class lacks.
    """

    ids: Int64
    sizes: Int64
    states: Mapping[str, Float64]
    missing_states: tuple[str, ...] = ()

    def metrics(self, accuracies: Float64) -> dict[str, Float64]:
        """Return the metrics that follow from the groups' accuracies, float64 (..., G): float64 (...) each.

        Robust accuracy is left out if a state is missing.
        """
        known: dict[str, Float64] = {}
        if self.states and not self.missing_states:
            known["robust_accuracy"] = lowest_accuracy(accuracies @ np.stack([*self.states.values()], axis=1))
        return known | {
            "wga": lowest_accuracy(accuracies), "accuracy": accuracies @ (self.sizes / self.sizes.sum()),
        }  # fmt: skip

    def accuracies(self, right: Bool) -> Float64:
        """Return the groups' accuracies in every run, float64 (R, G); `right`: bool (R, n)."""
        return np.stack([np.bincount(self.ids[row], minlength=len(self.sizes)) for row in right]) / self.sizes

    def resampled(self, right: Bool, seed: int) -> Float64:
        """Return the groups' accuracies by run as other samples might give them, float64 (B, R, G)."""
        return resample(count_cells(self.ids, right), REPLICATES, seed, of_a_share(len(right)))

    def difference_errors(self, first: Bool, second: Bool, seed: int) -> dict[str, float]:
        """Return the standard errors, by the choice of samples, of the differences of two models' metrics.

        `first`, `second`: which samples each run classifies correctly, bool (R1, n) and (R2, n).
        """
        added = of_a_difference(len(first), len(second), len(self.sizes))
        drawn = resample(count_cells(self.ids, np.concatenate([first, second])), REPLICATES, seed, added)
        ours, theirs = (self.metrics(part) for part in np.split(drawn, [len(first)], axis=1))
        return {name: deviation(ours[name].mean(axis=1) - theirs[name].mean(axis=1)) for name in ours}


def deviation(replicates: Float64) -> float:
    """Return the standard deviation of replicates, float64 (B,)."""
    return float(replicates.std(ddof=1))


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

    Every group is resampled with replacement to its own size, and all runs share the samples of a replicate. The
    samples `added` pull means towards their own, so the replicates serve for spread, not for means.
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
