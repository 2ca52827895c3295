"""The consistency check's measure: how much answers to the same inputs differ, as far as scores depend on it."""

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from spurgen.harness.metrics.calibration import leads_of, median_lead

Float = NDArray[np.floating[Any]]

TOLERANCE = 0.05  # of a probability, or of a feature's spread; bfloat16 in other batches changes them less
RELATIVE = 0.02  # of a feature's distance from its median: large activations are rounded more
FLOOR = 1e-3  # of a small spread: change allowed by rounding in a feature that varies far less than nearly all others
LOW = 0.1  # quantile of the features' spreads that counts as small: few huge features raise no floor
SPREADS = (0.5, 0.75, 0.9, 1.0)  # quantiles of that distance: the first that is not 0, since many features mostly are
FLIPPED = 0.01  # share of rows whose most probable class may change: those where two are nearly tied
HIGHEST = 2.0  # temperature, in median leads
SMALLEST = 1e-12  # probability whose logarithm is taken


def largest_change(what: str, before: Float, after: Float, temperature: float = 1.0) -> float:
    """Return the largest change between two answers to the same rows, as a multiple of what is allowed.

    `before`, `after`: real (n, d) of `predict`, `predict_proba` or `encode`; infinite if their shapes differ.
    Logits are compared as the scorer sees them: as probabilities at the `temperature` fitted to them, and by their
    largest entry. The temperature of uninformative logits, which would hide every change, counts as `HIGHEST` times the
    median of how far a row's logits lie below its largest one. Features are compared one by one, each against the
    spread of most rows, so neither an offset nor outliers hide a change.
    """
    if before.shape != after.shape:
        return inf
    if what == "encode":
        return float((np.abs(after - before) / _allowed(before)).max(initial=0.0))
    if what == "predict_proba":
        before, after = (np.log(np.maximum(probabilities, SMALLEST)) for probabilities in (before, after))
    temperature = min(temperature, HIGHEST * median_lead(leads_of(before)))
    change = np.abs(softmax(after / temperature, axis=1) - softmax(before / temperature, axis=1)).max(initial=0.0)
    flipped = (before.argmax(axis=1) != after.argmax(axis=1)).mean()
    return max(float(change) / TOLERANCE, float(flipped) / FLIPPED)


def _allowed(features: Float) -> Float:
    """Return how much each feature of each row may change, (n, d), n at least 1."""
    median = np.median(features, axis=0)
    distance = np.abs(features - median)
    spreads = np.quantile(distance, SPREADS, axis=0)
    spread = np.select([*(spreads > 0)], [*spreads], 0.0)
    constant = np.where(median == 0, 1.0, np.abs(median))
    small = np.quantile(spread[spread > 0], LOW, method="lower") if (spread > 0).any() else 0.0
    allowed: Float = TOLERANCE * np.where(spread > 0, spread, constant) + RELATIVE * distance
    return np.maximum(allowed, FLOOR * small)
