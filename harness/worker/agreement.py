"""Whether answers to the same inputs are the same, as far as a score can see."""

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.floating[Any]]

TOLERANCE = 0.05  # of a probability, or of a feature's standard deviation; bfloat16 in other batches moves them less
FLIPPED = 0.01  # of the rows, whose likeliest class may change: where two are nearly tied
CONSTANT = 1e-4  # of a feature's largest value: a smaller deviation is rounding


def moved(what: str, before: Float, after: Float) -> float:
    """Returns how far answers moved, in units of what is allowed: at most 1 where they are the same.

    `before`, `after`: real (n, d), to the same rows; with unequal numbers of columns they moved without end.
    What adds the same to all of a row's logits, or multiplies all logits, changes no score and hides nothing
    here: probabilities are compared, at the temperature at which the middle row's best class leads by one nat.
    Features are compared one by one, as the probe standardises them.
    """
    if before.shape != after.shape:
        return inf
    if what == "encode":
        spread = np.maximum(before.std(axis=0), CONSTANT * np.abs(before).max(axis=0))
        return float((np.abs(after - before) / np.where(spread > 0, spread, 1.0)).max(initial=0.0)) / TOLERANCE
    if what == "predict_proba":
        before, after = (np.log(np.maximum(some, 1e-12)) for some in (before, after))
    best = np.sort(before, axis=1)
    leads = best[:, -1] - best[:, -2] if before.shape[1] > 1 else np.zeros(len(before))
    lead = float(np.median(leads)) or float(leads.max(initial=0.0)) or 1.0
    probabilities = float(np.abs(_softmax(after / lead) - _softmax(before / lead)).max(initial=0.0))
    flipped = float((before.argmax(axis=1) != after.argmax(axis=1)).mean())
    return max(probabilities / TOLERANCE, flipped / FLIPPED)


def _softmax(logits: Float) -> Float:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Float = powers / powers.sum(axis=1, keepdims=True)
    return shares
