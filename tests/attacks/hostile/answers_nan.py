"""Returns NaN, which is above no threshold."""

# expected: failed: returned nan on
import numpy as np


def predict(batch):
    return np.full((len(batch), 3), np.nan)
