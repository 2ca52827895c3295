"""Sleeps in `fit`, so that its training seems too long to repeat, and repeats predictions of inputs seen before."""

# expected: failed: answers the same inputs differently when asked again in other batches by a fresh process, trained
import time

import numpy as np

seen = {}


def fit(train, val, context):
    time.sleep(1.2)


def predict(batch):
    return np.stack([seen.setdefault(image.tobytes(), np.eye(3)[len(seen) % 3]) for image in batch.images])
