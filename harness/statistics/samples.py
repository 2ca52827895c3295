"""What the choice of test samples does to accuracies: their bootstrap, the bias of the lowest of many, and chance.

The bootstrap draws samples within their groups, exactly and fast: samples that agree in every run are drawn together.
The minimum of noisy groups lies below the lowest true accuracy; `corrected_wga` is worst-group accuracy less that bias.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr, betainc

from spurgen.generators.streams import stream_key
from spurgen.harness.metrics import GroupCounts, Interval, lowest_accuracy
from spurgen.harness.metrics.accuracies import simultaneous_intervals
from spurgen.harness.metrics.arrays import Bool, Float64, Int64, as_fraction, failure
from spurgen.harness.statistics.estimate import ALPHA, NOISE

REPLICATES = 2000
TWO = 2.0  # Agresti & Coull 1998: two successes and two failures
AT_CHANCE = "not significantly better than chance in test accuracy"
UNSURE = 0.05  # how often a guaranteed interval may miss
NEGLIGIBLE = 1e-15


def named_generator(*names: str | int) -> np.random.Generator:
    """Return a random generator whose stream depends only on the names.

    Draws are reproducible for a given version of NumPy; unlike the data they are not frozen.
    """
    return np.random.Generator(np.random.Philox(key=stream_key("bootstrap", *names)))


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


def effective_size(sizes: Int64) -> int:
    """Return of how many samples a share varies as much as accuracy averaged over classes: of all if these are equal.

    `sizes`: samples by class, int64 (K,), positive.
    """
    return int(len(sizes) ** 2 / (1 / sizes).sum() + NOISE)


def classes_better_than_chance(correct: Int64, sizes: Int64) -> bool:
    """Return whether accuracy averaged over classes is significantly above chance, which a constant answer reaches.

    `correct`: correct samples by class, int64 (K,), K at least 2; `sizes`: samples, positive. It is tested as a share
    of `effective_size` samples.
    """
    count, mean = effective_size(sizes), float((correct / sizes).mean())
    return better_than_chance(int(mean * count + NOISE), count, len(sizes))


def better_than_chance(correct: int, count: int, num_classes: int, *, alpha: float = ALPHA) -> bool:
    """Return whether `correct` of `count` is significantly above 1 / `num_classes` (one-sided exact binomial test).

    The samples must be independent: the test samples of one seed, not of all seeds together. Raises `MetricError` for
    impossible counts.
    """
    if not 0 <= correct <= count or count < 1 or num_classes < 2:
        actual = f"{correct} of {count} with {num_classes} classes"
        raise failure("correct", actual, "0 <= correct <= count, 1 <= count, 2 <= num_classes", "count on test")
    # The binomial probability of `correct` or more is an incomplete beta function.
    p_value = betainc(correct, count - correct + 1, 1 / num_classes) if correct else 1.0
    return bool(p_value < as_fraction("alpha", alpha))


def corrected_wga(correct: Int64, sizes: Int64) -> float:
    """Return the worst-group accuracy of one result less its expected bias, in [0, 1].

    `correct`, `sizes`: correct samples and samples by group, int64 (G,). The bias is that of the observed minimum if
    every group's true accuracy were its shrunken one, `shrunken`. For 64 groups with 50 samples and a true accuracy of
    .90 each, the minimum is .79 on average, and the corrected one .886 (docs/simulations.md).
    """
    worst = GroupCounts(correct, sizes).worst
    true = shrunken(correct, sizes)
    bias = expected_minimum(true, sizes) - float(lowest_accuracy(true))
    mean = float(correct.sum() / sizes.sum())  # no minimum lies above it
    return min(max(worst - bias, 0.0), mean)


def guaranteed(correct: Int64, sizes: Int64) -> Interval:
    """Return a guaranteed interval for the mean WGA of results on the same groups, int64 (R, G) and (G,).

    Its level makes the intervals of all results cover simultaneously.
    """
    level = 1 - UNSURE / len(correct)
    return Interval(*np.mean(simultaneous_intervals(correct, sizes, level), axis=0).tolist())


def shrunken(correct: Int64, sizes: Int64) -> Float64:
    """Return the groups' accuracies shrunk towards their mean by empirical Bayes, float64 (G,).

    The true accuracies' variance is that of the observed ones less what sampling explains (method of moments). The
    observed accuracies spread too far, and their own minimum would be biased once more.
    """
    mean = float(correct.sum() / sizes.sum())
    noise = mean * (1 - mean) / sizes
    observed = correct / sizes
    true_variance = max(float(((observed - mean) ** 2 - noise).mean()), 0.0)
    weights = true_variance / np.maximum(true_variance + noise, np.finfo(float).tiny)
    shrunk: Float64 = mean + weights * (observed - mean)
    return shrunk


def expected_minimum(accuracies: Float64, sizes: Int64) -> float:
    """Return the expected minimum of the observed accuracies of groups with these true ones, float64 (G,).

    It is the integral of the probability that all groups are above a level, exact between the possible levels but for
    `NEGLIGIBLE`: the probability is computed only where it is neither 0 nor 1.
    """
    levels = np.unique(np.concatenate([np.arange(size + 1) / size for size in np.unique(sizes)]))
    kinds, counts = np.unique(np.stack([accuracies, sizes]), axis=1, return_counts=True)
    shares, of_kind = kinds[0], kinds[1].astype(np.int64)

    def above(place: int | slice) -> Float64:
        at_most = np.floor(np.atleast_1d(levels[place])[:, None] * of_kind + 1e-9)
        product: Float64 = np.prod((1 - bdtr(at_most, of_kind, shares)) ** counts, axis=1)
        return product

    places = range(len(levels) - 1)
    first = bisect_left(places, True, key=lambda place: above(place).item() < 1 - NEGLIGIBLE)
    last = bisect_left(places, True, lo=first, key=lambda place: above(place).item() < NEGLIGIBLE)
    between = (above(slice(first, last)) * np.diff(levels[first : last + 1])).sum()
    return float(levels[first] + between)
