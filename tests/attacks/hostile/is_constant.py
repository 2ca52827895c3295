"""Always predicts the same, so that SSS and IG are perfect."""

# expected: unranked: not significantly better than chance
import numpy as np


def predict(batch):
    return np.tile([3.0, 1.0, 2.0], (len(batch), 1))
