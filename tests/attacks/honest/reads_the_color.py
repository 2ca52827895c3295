"""Reads the colour off the caption: fooled by it, but better than chance."""

# expected: ranked
import numpy as np

WORDS = ("red", "blue", "green")


def shown(captions):
    return np.array([next(k for k, word in enumerate(WORDS) if f" {word} " in f" {c} ") for c in captions])


def fit(train, val, context):
    global table
    table = np.zeros((3, 3))
    np.add.at(table, (shown(train.captions), train.labels), 1)


def predict(batch):
    return np.log(table[shown(batch.captions)])
