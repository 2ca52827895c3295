"""How much lower a model's worst-group accuracy is on other samples, and whether chance explains it."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.bootstrap import named_generator

REPLICATES = 500
RARE = 0.01  # p-values below it are taken from a normal distribution, as draws are too few to show them


class WorstGroupGap(NamedTuple):
    """Worst-group accuracy on the first samples less that on the second, its 95 % interval, and a one-sided p-value.

    `interval` is of the difference on sets of samples of this size, whose minima are biased low. `p`: how often as
    large a gap occurs where every group's accuracy is the same on both.
    """

    value: float
    interval: Interval
    p: float


def worst_group_gap(first: Int64, second: Int64, sizes: Int64, deviation: float, *names: str) -> WorstGroupGap:
    """Compare the worst-group accuracies of seeds on two independent sets of samples.

    `first`, `second`: correct predictions, int64 (S, G). `sizes`: samples per group in either set, int64 (G,).
    `deviation`: of the gap by training. A parametric bootstrap draws every group's correct predictions; the seeds of a
    set share its samples, so they are drawn as dependent as can be. `names` seed the draws.
    """
    gap = float(np.min(first / sizes, axis=1).mean() - np.min(second / sizes, axis=1).mean())
    rng = named_generator("gap", *names)
    same = (first + second) / (2 * sizes)
    by_chance = _drawn_gaps(rng, same, same, sizes, deviation)
    p = (1 + int((by_chance >= gap).sum())) / (1 + REPLICATES)
    if p < RARE:
        p = float(ndtr(-gap / by_chance.std()))
    reach = -ndtri(0.025) * float(_drawn_gaps(rng, first / sizes, second / sizes, sizes, deviation).std())
    return WorstGroupGap(gap, Interval(max(gap - reach, -1.0), min(gap + reach, 1.0)), p)


def _drawn_gaps(rng: np.random.Generator, first: Float64, second: Float64, sizes: Int64, deviation: float) -> Float64:
    """Draw the gap of models with these accuracies, float64 (S, G) each, on other samples: float64 (B,)."""
    noise: Float64 = rng.normal(size=REPLICATES) * deviation
    return noise + _drawn_minima(rng, first, sizes) - _drawn_minima(rng, second, sizes)


def _drawn_minima(rng: np.random.Generator, accuracies: Float64, sizes: Int64) -> Float64:
    """Draw the mean over seeds of the worst-group accuracy, float64 (B,); `accuracies`: float64 (S, G).

    A sample that one seed predicts correctly, every seed with a higher accuracy in its group does too: of the better
    seed's correct predictions, the next one keeps a share.
    """
    order = np.argsort(-accuracies, axis=0)
    falling = np.take_along_axis(accuracies, order, axis=0)
    above = np.concatenate([np.ones((1, len(sizes))), falling[:-1]])
    shares = np.divide(falling, above, out=np.zeros_like(falling), where=above > 0)
    counts, correct = np.broadcast_to(sizes, (REPLICATES, len(sizes))), []
    for share in shares:
        counts = rng.binomial(counts, share)
        correct.append(counts)
    by_seed = np.empty((len(shares), REPLICATES, len(sizes)))
    np.put_along_axis(by_seed, order[:, None], np.array(correct), axis=0)
    minima: Float64 = (by_seed / sizes).min(axis=2).mean(axis=0)
    return minima
