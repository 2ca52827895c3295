"""Predicts fewer rows than the batch has."""

# expected: failed: predict returned shape
import numpy as np


def predict(batch):
    return np.zeros((len(batch) - 1, 3))
