"""Returns infinities, whose differences are NaN."""

# expected: failed: returned inf on
import numpy as np


def predict(batch):
    return np.full((len(batch), 3), np.inf)
