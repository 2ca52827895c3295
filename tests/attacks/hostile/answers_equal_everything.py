"""Returns objects that compare equal to everything."""

# expected: failed: dtype object, not real numbers
import numpy as np


class Right:
    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return True

    __hash__ = None


def predict(batch):
    return np.array([[Right()] * 3] * len(batch), object)
