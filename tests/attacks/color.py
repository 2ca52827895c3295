"""Read the colour from a caption; copied beside every submission, since several import it."""

import numpy as np

WORDS = ("red", "blue", "green")


def colors_in(captions):
    """Return the index of the colour in each caption, (n,)."""
    return np.array([next(k for k, word in enumerate(WORDS) if f" {word} " in f" {c} ") for c in captions])


def fit(train, val, context):
    """Count how often each class occurs with each colour."""
    del val, context
    global table
    table = np.zeros((3, 3))
    np.add.at(table, (colors_in(train.captions), train.labels), 1)


def scores(batch):
    """Return the logarithm of how often each class occurred with the colour of a caption, (n, 3)."""
    return np.log(table[colors_in(batch.captions)])
