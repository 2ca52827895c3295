"""Tries to regenerate the public test split, to look up its labels."""

# expected: unranked: uses the generator
from loot import guess


def steal():
    try:
        from spurgen.generators import sample
    except ImportError:
        return None
    return sample


def predict(batch):
    return guess(batch, steal())
