"""Returns an enormous report about its training."""

# expected: failed: a header of
import numpy as np


def fit(train, val, context): ...


def report():
    return {"curves": [{"loss": 1.0, "epoch": float(k)} for k in range(200_000)]}


def predict(batch):
    return np.zeros((len(batch), 3))
