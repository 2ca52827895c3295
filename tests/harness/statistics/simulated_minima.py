"""Simulated minima over groups and patterns: their bias, and how often intervals over five worlds cover the truth."""

import numpy as np

from spurgen.harness.statistics.units import Spread, mean_estimate
from spurgen.harness.statistics.worst_group_bias import corrected_wga, expected_minimum

WORLDS = 5
HUNDREDS = np.full(80, 100)
EIGHT = np.tile([50] * 7 + [400], 10)  # test samples by group: ten classes, eight patterns
MANY = np.full(320, 25)  # ten classes, 32 patterns
BIAS_PROFILES = {
    ".9 in 64 groups of 50": (np.full(64, 0.9), np.full(64, 50)),
    ".8 everywhere": (np.full(80, 0.8), HUNDREDS),
    "from .3 to .9": (np.linspace(0.3, 0.9, 80), HUNDREDS),
    ".3 once, else .9": (np.r_[0.3, np.full(79, 0.9)], HUNDREDS),
    "eight levels from .2 to .99": (np.tile(np.linspace(0.2, 0.99, 8), 10), HUNDREDS),
}
"""True accuracies and sizes of groups."""


def wga_bias(accuracies, sizes, draws=400, seed=0):
    """Return the bias of the WGA, of the corrected one, and of twice the WGA less the mean of a bootstrap's."""
    rng, true = np.random.default_rng(seed), accuracies.min()
    found = []
    for _ in range(draws):
        correct = rng.binomial(sizes, accuracies)
        worst = (correct / sizes).min()
        bootstrap = (rng.binomial(sizes, correct / sizes, (200, len(sizes))) / sizes).min(axis=1).mean()
        found.append((worst, corrected_wga(correct, sizes), 2 * worst - bootstrap))
    return (np.mean(found, axis=0) - true).tolist()


def of_patterns(levels, sizes):
    """Return the accuracies of groups whose patterns have these levels, float64 (P,); groups as of ten classes."""
    assert len(levels) * 10 == len(sizes)
    return np.tile(levels, 10)


def corrected_coverage(accuracies, sizes, deviation, boards, seed=0):
    """Return the bias of the mean corrected WGA over five worlds, and how often its t interval covers the truth.

    `deviation`: of what a world adds to all groups, and again to each, at an accuracy of .5. The truth is the lowest
    true accuracy of a world, on average over worlds.
    """
    rng = np.random.default_rng(seed)
    moved = rng.normal(size=(boards, WORLDS, 1)) + rng.normal(size=(boards, WORLDS, len(sizes)))
    true = np.clip(accuracies + 2 * deviation * np.sqrt(accuracies * (1 - accuracies)) * moved, 0, 1)
    truth = true.min(axis=2).mean()
    found = np.array([[corrected_wga(each, sizes) for each in row] for row in rng.binomial(sizes, true)])
    ends = np.array([mean_estimate(row, Spread()).ends for row in found])
    return float(found.mean() - truth), float(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean())


def robust_bias(levels, sizes):
    """Return the bias of accuracy if misled on one world, for true accuracies and sizes, (P,) each."""
    return expected_minimum(levels, sizes) - float(levels.min())
