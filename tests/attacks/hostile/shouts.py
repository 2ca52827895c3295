"""Multiplies its logits by a million."""

# expected: ranked: as honest/reads_the_color.py
from color import fit as fit
from color import scores


def predict(batch):
    return 1e6 * scores(batch)
