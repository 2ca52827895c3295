"""Prints a few lines while it works."""

# expected: ranked
import sys

from color import fit as fit
from color import scores


def predict(batch):
    print(f"{len(batch)} rows", file=sys.stderr)
    print("still here")
    return scores(batch)
