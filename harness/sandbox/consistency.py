"""Whether answers to the same inputs are the same, as far as a score can see."""

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.floating[Any]]

TOLERANCE = 0.05  # of a probability, or of a feature's spread; bfloat16 in other batches moves them less
RELATIVE = 0.02  # of how far a feature lies from its median: large activations are rounded more
SPREADS = (0.5, 0.75, 0.9, 1.0)  # quantiles of that: the first that is not 0, since many features mostly are
FLIPPED = 0.01  # of the rows, whose likeliest class may change: where two are nearly tied


def moved(what: str, before: Float, after: Float) -> float:
    """Returns how far answers moved, in units of what is allowed: at most 1 where they are the same.

    `before`, `after`: real (n, d), to the same rows; with unequal numbers of columns they moved without end.
    What adds the same to all of a row's logits, or multiplies all logits, changes no score and hides nothing
    here: probabilities are compared, at the temperature at which the middle row's best class leads by one nat.
    Features are compared one by one, as the probe standardises them, each against the spread of most rows: neither an
    offset nor a few rows that lie far out hide what the others do.
    """
    if before.shape != after.shape:
        return inf
    if what == "encode":
        return float((np.abs(after - before) / _allowed(before)).max(initial=0.0))
    if what == "predict_proba":
        before, after = (np.log(np.maximum(some, 1e-12)) for some in (before, after))
    best = np.sort(before, axis=1)
    leads = best[:, -1] - best[:, -2] if before.shape[1] > 1 else np.zeros(len(before))
    lead = float(np.median(leads)) or float(leads.max(initial=0.0)) or 1.0
    probabilities = float(np.abs(_softmax(after / lead) - _softmax(before / lead)).max(initial=0.0))
    flipped = float((before.argmax(axis=1) != after.argmax(axis=1)).mean())
    return max(probabilities / TOLERANCE, flipped / FLIPPED)


def _allowed(features: Float) -> Float:
    """Returns how far each feature of each row may move, (n, d), n at least 1."""
    middle = np.median(features, axis=0)
    distance = np.abs(features - middle)
    spreads = np.quantile(distance, SPREADS, axis=0)
    spread = np.select([*(spreads > 0)], [*spreads], 0.0)
    constant = np.where(middle == 0, 1.0, np.abs(middle))
    allowed: Float = TOLERANCE * np.where(spread > 0, spread, constant) + RELATIVE * distance
    return allowed


def _softmax(logits: Float) -> Float:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Float = powers / powers.sum(axis=1, keepdims=True)
    return shares
