"""Nearest class mean of colour histograms, in NumPy: a model that can learn nothing but shortcuts."""

import numpy as np

MODALITIES = {"image"}


def _describe(batch):
    size = batch.images.shape[1]
    plate = batch.images[:, size // 4 : -size // 4, size // 4 : -size // 4] // 64  # four levels per colour
    codes = (plate @ np.array([16, 4, 1])).reshape(len(plate), -1)
    return np.stack([np.bincount(row, minlength=64) for row in codes]) / codes.shape[1]


def fit(train, val, context):
    """Average the colour histograms of each class."""
    global centroids
    histograms = _describe(train)
    centroids = np.stack([histograms[train.labels == k].mean(axis=0) for k in range(context.num_classes)])


def predict(batch):
    """Return negative squared distances to the class means, (n, K)."""
    return -((_describe(batch)[:, None] - centroids) ** 2).sum(axis=2)
