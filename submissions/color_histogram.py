"""Classifies by colour alone: a model that can only have learned a shortcut."""

import numpy as np

NAME = "color-histogram"
ACCESS = "none"
MODALITIES = {"image"}

_centroids = None


def _describe(batch):
    cubes = batch.images[:, 16:48, 16:48] // 64  # the plate, four levels per channel
    codes = (cubes @ np.array([16, 4, 1])).reshape(len(cubes), -1)
    return np.stack([np.bincount(row, minlength=64) for row in codes]) / codes.shape[1]


def fit(train, val, context):
    """Averages the histograms of each class."""
    global _centroids
    histograms = _describe(train)
    _centroids = np.stack([histograms[train.labels == k].mean(axis=0) for k in range(context.num_classes)])


def predict(batch):
    """Returns the negative squared distances to the classes' averages, (n, K)."""
    return -((_describe(batch)[:, None] - _centroids) ** 2).sum(axis=2)
