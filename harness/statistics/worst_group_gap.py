"""How much lower a model's worst-group accuracy is on other samples, and whether chance explains it."""

from typing import NamedTuple

import numpy as np

from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.bootstrap import named_generator

REPLICATES = 2000


class WorstGroupGap(NamedTuple):
    """Worst-group accuracy on the first samples less that on the second, its 95 % interval, and a one-sided p-value.

    `p`: how often as large a gap occurs where every group's accuracy is the same on both.
    """

    value: float
    interval: Interval
    p: float


def worst_group_gap(first: Int64, second: Int64, sizes: Int64, deviation: float, *names: str) -> WorstGroupGap:
    """Compare the worst-group accuracies of seeds on two independent sets of samples.

    `first`, `second`: correct predictions, int64 (S, G). `sizes`: samples per group in either set, int64 (G,).
    `deviation`: of the gap over training seeds. A parametric bootstrap draws every group's correct predictions; the
    seeds of a set share its samples, so they are drawn as dependent as can be, and no gap is significant because of
    many seeds. The minima are biased alike on both sides, and the interval is the basic one. `names` seed the draws.
    """
    gap = float(np.min(first / sizes, axis=1).mean() - np.min(second / sizes, axis=1).mean())
    rng = named_generator("gap", *names)
    noise = rng.normal(size=REPLICATES) * deviation
    same = (first + second) / (2 * sizes)
    by_chance = _drawn_minima(rng, same, sizes) - _drawn_minima(rng, same, sizes) + noise
    drawn = _drawn_minima(rng, first / sizes, sizes) - _drawn_minima(rng, second / sizes, sizes) + noise
    low, high = np.quantile(drawn, [0.025, 0.975])
    interval = Interval(max(2 * gap - float(high), -1.0), min(2 * gap - float(low), 1.0))
    return WorstGroupGap(gap, interval, (1 + int((by_chance >= gap).sum())) / (1 + REPLICATES))


def _drawn_minima(rng: np.random.Generator, accuracies: Float64, sizes: Int64) -> Float64:
    """Draw the mean over seeds of the worst-group accuracy, float64 (B,); `accuracies`: float64 (S, G).

    A sample that one seed predicts correctly, every seed with a higher accuracy in its group does too: of the better
    seed's correct predictions, the next one keeps a share.
    """
    order = np.argsort(-accuracies, axis=0)
    falling = np.take_along_axis(accuracies, order, axis=0)
    above = np.concatenate([np.ones((1, len(sizes))), falling[:-1]])
    kept = np.divide(falling, above, out=np.zeros_like(falling), where=above > 0)
    counts, correct = np.broadcast_to(sizes, (REPLICATES, len(sizes))), []
    for shares in kept:
        counts = rng.binomial(counts, shares)
        correct.append(counts)
    by_seed = np.empty((len(kept), REPLICATES, len(sizes)))
    np.put_along_axis(by_seed, order[:, None], np.array(correct), axis=0)
    minima: Float64 = (by_seed / sizes).min(axis=2).mean(axis=0)
    return minima
