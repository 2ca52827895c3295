"""Pretends to train, so as not to be asked by a fresh process, and answers what it has seen as it did then."""

# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
import numpy as np

seen = {}


def fit(train, val, context): ...


def predict(batch):
    return np.stack([seen.setdefault(image.tobytes(), np.eye(3)[len(seen) % 3]) for image in batch.images])
