"""Returns features only; the harness fits the probe."""

# expected: ranked
import numpy as np

FORMS = ("heart", "love", "valentine", "arrow", "pointer", "moon", "crescent", "red", "blue", "green")


def encode(batch):
    return np.array([[float(word in caption) for word in FORMS] for caption in batch.captions])
