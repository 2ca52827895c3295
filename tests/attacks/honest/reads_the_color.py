"""Reads the colour from the caption: misled by it, but better than chance."""

# expected: ranked
from color import fit as fit
from color import scores


def predict(batch):
    return scores(batch)
