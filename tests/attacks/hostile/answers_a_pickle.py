"""Returns an object that runs a command when it is unpickled."""

# expected: failed: dtype object, not real numbers
import os

import numpy as np


class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/pwned",)


def predict(batch):
    return np.array([[Bomb()] * 3] * len(batch), object)
