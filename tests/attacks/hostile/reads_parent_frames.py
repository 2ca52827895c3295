"""Searches the stack frames of its callers for labels."""

# expected: unranked: not significantly better than chance
import sys

import numpy as np
from loot import guess


def steal():
    frame = sys._getframe()
    while frame:
        for name, value in frame.f_locals.items():
            if isinstance(getattr(value, "labels", None), np.ndarray):
                return name
        frame = frame.f_back
    return None


def predict(batch):
    return guess(batch, steal())
