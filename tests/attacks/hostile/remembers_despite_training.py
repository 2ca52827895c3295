"""Pretends to train, to avoid the check in a fresh process, and repeats predictions for inputs seen before."""

# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
import numpy as np

seen = {}


def fit(train, val, context): ...


def predict(batch):
    return np.stack([seen.setdefault(image.tobytes(), np.eye(3)[len(seen) % 3]) for image in batch.images])
