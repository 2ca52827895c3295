"""Overwrites the inputs, in the hope that the scorer reads them again."""

# expected: unranked: not significantly better than chance
import numpy as np


def predict(batch):
    batch.images.flags.writeable = True
    batch.images[:] = 0
    batch.captions[:] = [""] * len(batch)
    return np.zeros((len(batch), 3))
