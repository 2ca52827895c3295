"""Makes the public test split again, to look the labels up."""

# expected: unranked: not significantly better than chance
import numpy as np


def steal():
    try:
        from spurgen.generators import sample
    except ImportError:
        return None
    return sample


def predict(batch):
    if found := steal():
        raise RuntimeError(f"got at {found}")
    return np.zeros((len(batch), 3))
