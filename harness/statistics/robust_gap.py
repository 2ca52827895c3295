"""How much lower a model's robust accuracy is on other samples, and whether chance explains it."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from spurgen.harness.metrics import Interval, agree_and_mislead
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.samples import named_generator

REPLICATES = 500
RARE = 0.01  # p-values below it are taken from a normal distribution, as draws are too few to show them


class RobustGap(NamedTuple):
    """Robust accuracy on the first samples less that on the second, its 95 % interval, and a one-sided p-value.

    `interval` is of the difference on sets of samples of this size, whose minima are biased low. `p`: how often as
    large a gap occurs where every group's accuracy is the same on both.
    """

    value: float
    interval: Interval
    p: float


class Sampling(NamedTuple):
    """How units were sampled.

    `sizes`: samples per group in either set, int64 (G,), of group class * (G / num_classes) + pattern. `worlds`:
    whether each unit has samples of its own, as worlds have; the seeds of one world share its samples.
    """

    sizes: Int64
    num_classes: int
    worlds: bool


def robust_gap(first: Int64, second: Int64, design: Sampling, deviation: float, *names: str) -> RobustGap:
    """Compare the robust accuracies of units on two independent sets of samples.

    `first`, `second`: correct predictions, int64 (W, G). `deviation`: of the gap by training. A parametric bootstrap
    draws every group's correct predictions: independently for worlds, and as dependent as possible for seeds, which
    share samples. `names` seed the draws.
    """
    ours, theirs = first / design.sizes, second / design.sizes
    gap = float(_mean_robust(ours, design).item() - _mean_robust(theirs, design).item())
    rng = named_generator("gap", *names)
    same = (first + second) / (2 * design.sizes)
    by_chance = _drawn_gaps(rng, same, same, design, deviation)
    p = (1 + int((by_chance >= gap).sum())) / (1 + REPLICATES)
    if p < RARE:
        p = float(ndtr(-gap / by_chance.std()))
    reach = -ndtri(0.025) * float(_drawn_gaps(rng, ours, theirs, design, deviation).std())
    return RobustGap(gap, Interval(max(gap - reach, -1.0), min(gap + reach, 1.0)), p)


def _drawn_gaps(
    rng: np.random.Generator, first: Float64, second: Float64, design: Sampling, deviation: float
) -> Float64:
    """Draw the gap of models with these accuracies, float64 (W, G) each, on other samples: float64 (B,)."""
    draw = _drawn_apart if design.worlds else _drawn_together
    noise: Float64 = rng.normal(size=REPLICATES) * deviation
    sides = [_mean_robust(draw(rng, each, design.sizes) / design.sizes, design) for each in (first, second)]
    return noise + sides[0] - sides[1]


def _mean_robust(accuracies: Float64, design: Sampling) -> Float64:
    """Return the mean over units of the robust accuracy, float64 (...); `accuracies`: float64 (W, ..., G)."""
    robust: Float64 = agree_and_mislead(accuracies, design.num_classes).min(axis=-1).mean(axis=0)
    return robust


def _drawn_apart(rng: np.random.Generator, accuracies: Float64, sizes: Int64) -> Int64:
    """Draw correct predictions of units with samples of their own, int64 (W, B, G); `accuracies`: float64 (W, G)."""
    drawn: Int64 = rng.binomial(sizes, accuracies[:, None], (len(accuracies), REPLICATES, len(sizes)))
    return drawn


def _drawn_together(rng: np.random.Generator, accuracies: Float64, sizes: Int64) -> Int64:
    """Draw correct predictions of units that share samples, int64 (W, B, G); `accuracies`: float64 (W, G).

    If one unit predicts a sample correctly, so does every unit with a higher accuracy in its group: each unit keeps a
    share of the next better unit's correct predictions.
    """
    order = np.argsort(-accuracies, axis=0)
    falling = np.take_along_axis(accuracies, order, axis=0)
    above = np.concatenate([np.ones((1, len(sizes))), falling[:-1]])
    shares = np.divide(falling, above, out=np.zeros_like(falling), where=above > 0)
    counts, correct = np.broadcast_to(sizes, (REPLICATES, len(sizes))), []
    for share in shares:
        counts = rng.binomial(counts, share)
        correct.append(counts)
    by_unit = np.empty((len(shares), REPLICATES, len(sizes)), np.int64)
    np.put_along_axis(by_unit, order[:, None], np.array(correct), axis=0)
    return by_unit
