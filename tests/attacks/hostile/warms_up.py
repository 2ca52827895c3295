"""Predicts differently in its first calls, hoping that only those are checked."""

# expected: failed: answers the same inputs differently when asked again
import numpy as np

asked = 0


def predict(batch):
    global asked
    asked += len(batch)
    return np.stack([batch.images.mean((1, 2, 3)), *[np.full(len(batch), float(asked))] * 2], axis=1)
