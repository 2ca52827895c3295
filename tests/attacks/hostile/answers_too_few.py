"""Answers the rows that it is sure of, and no others."""

# expected: failed: predict returned shape
import numpy as np


def predict(batch):
    return np.zeros((len(batch) - 1, 3))
