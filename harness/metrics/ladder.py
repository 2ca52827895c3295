"""Counterexamples needed, which a ladder measures.

A(m), the accuracy of a rung with m counterexamples, is the lowest of the accuracies where shortcuts agree, mislead and
are neutral: no method gains by taking the opposite shortcut.
"""

import numpy as np

from spurgen.harness.metrics.arrays import Float64, Int64, Labels, Scores, as_integers, as_reals, failure

SHARE = 0.75
"""Share of the ceiling that a learner must reach."""


def counterexamples_needed(rungs: Labels, accuracies: Scores, threshold: float) -> float:
    """Return the smallest number of counterexamples at which a learner's accuracy reaches `threshold`.

    `rungs`: numbers of counterexamples, positive and ascending, integers (R,); `accuracies`: A(m), reals (R,). Between
    rungs the monotone fit of the accuracies (isotonic regression) is linear in log m. Where the first rung suffices,
    returns that rung, "at most"; where no rung does, infinity, "more than the last". Raises `MetricError` for arrays of
    another shape, or rungs that are not positive and ascending.
    """
    numbers: Int64 = as_integers("rungs", rungs, "R", None)
    heights = as_reals("accuracies", accuracies, (len(numbers),))
    if numbers[0] < 1 or (np.diff(numbers) <= 0).any():
        raise failure("rungs", str(numbers.tolist()), "positive, ascending numbers", "leave out the rung without any")
    return float(needed_by_curve(numbers, heights[None], threshold)[0])


def needed_by_curve(rungs: Int64, curves: Float64, threshold: float) -> Float64:
    """Return `counterexamples_needed` of many curves A(m) at once: float64 (B,); `curves`: float64 (B, R)."""
    fitted = _monotone(curves)
    reached = fitted >= threshold
    if len(rungs) == 1:
        return np.where(reached[:, 0], float(rungs[0]), np.inf)
    at = np.maximum(reached.argmax(axis=1), 1)  # the rung at or below which the curve crosses the threshold
    low, high = (np.take_along_axis(fitted, place[:, None], axis=1)[:, 0] for place in (at - 1, at))
    share = np.divide(threshold - low, high - low, out=np.zeros_like(low), where=high > low).clip(0, 1)
    crossing = rungs[at - 1] * (rungs[at] / rungs[at - 1]) ** share
    needed: Float64 = np.where(reached[:, 0], rungs[0], np.where(reached[:, -1], crossing, np.inf))
    return needed


def _monotone(curves: Float64) -> Float64:
    """Return the isotonic regression of curves, float64 (B, R), by its minimax formula (Robertson et al. 1988, 1.4)."""
    count = curves.shape[1]
    sums = np.vstack([np.zeros(len(curves)), curves.T.cumsum(axis=0)])
    fitted = np.full((count, len(curves)), -np.inf)
    for j in range(count):
        lowest = np.full(len(curves), np.inf)  # of the means of rungs j to k or beyond
        for k in reversed(range(j, count)):
            lowest = np.minimum(lowest, (sums[k + 1] - sums[j]) / (k + 1 - j))
            fitted[k] = np.maximum(fitted[k], lowest)
    return fitted.T
