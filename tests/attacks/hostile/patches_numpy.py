"""Replaces NumPy's comparisons, argmax and mean by functions that favour it."""

# expected: unranked: not significantly better than chance
import numpy as np

np.argmax = lambda scores, **_: np.zeros(len(scores), int)
np.equal = lambda *_: True
np.mean = lambda *_, **__: 1.0


def predict(batch):
    return [[0.0, 0.0, 0.0]] * len(batch)
