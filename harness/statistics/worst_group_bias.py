"""Worst-group accuracy corrected for its bias: the minimum of noisy groups lies below the lowest true accuracy."""

from bisect import bisect_left

import numpy as np
from scipy.special import bdtr

from spurgen.harness.metrics import GroupCounts, Interval, lowest_accuracy
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.metrics.intervals import simultaneous_intervals

UNSURE = 0.05  # how often a guaranteed interval may miss
NEGLIGIBLE = 1e-15


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
