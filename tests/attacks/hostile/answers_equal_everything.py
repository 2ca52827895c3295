"""Returns objects that are equal to whatever they are compared with."""

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
