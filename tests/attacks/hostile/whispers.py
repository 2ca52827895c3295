"""Divides its logits by a million, so that no probability changes."""

# expected: ranked: as honest/reads_the_color.py
from color import fit as fit
from color import scores


def predict(batch):
    return 1e-6 * scores(batch)
