import numpy as np


def predict(batch):
    return np.array([[c.count("a"), c.count("e")] for c in batch.captions])
