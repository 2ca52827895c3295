"""Multiplies its logits by a million."""

# expected: ranked: as honest/reads_the_color.py
import numpy as np

WORDS = ("red", "blue", "green")


def shown(captions):
    return np.array([next(k for k, word in enumerate(WORDS) if f" {word} " in f" {c} ") for c in captions])


def fit(train, val, context):
    global table
    table = np.zeros((3, 3))
    np.add.at(table, (shown(train.captions), train.labels), 1)


def predict(batch):
    return 1e6 * np.log(table[shown(batch.captions)])
