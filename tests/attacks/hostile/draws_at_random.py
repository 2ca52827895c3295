"""Predicts at random, hoping for a high minimum by luck."""

# expected: failed: answers the same inputs differently when asked again
import numpy as np


def predict(batch):
    return np.random.default_rng().normal(size=(len(batch), 3))
