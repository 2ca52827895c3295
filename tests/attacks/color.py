"""Shared by several submissions: read the colour off a caption. It is copied with each."""

import numpy as np

WORDS = ("red", "blue", "green")


def shown(captions):
    """Return the colours that captions name, (n,)."""
    return np.array([next(k for k, word in enumerate(WORDS) if f" {word} " in f" {c} ") for c in captions])


def fit(train, val, context):
    """Count which class goes with which colour."""
    del val, context
    global table
    table = np.zeros((3, 3))
    np.add.at(table, (shown(train.captions), train.labels), 1)


def scores(batch):
    """Return the logarithm of how often each class went with the colour that a caption names, (n, 3)."""
    return np.log(table[shown(batch.captions)])
