"""Signals every process that it can name."""

# expected: unranked: not significantly better than chance
import os

import numpy as np


def steal():
    for number in range(2, 40_000):
        try:
            if number != os.getpid():
                os.kill(number, 0)
                return f"process {number}"
        except OSError:
            continue
    return None


def predict(batch):
    if found := steal():
        raise RuntimeError(f"got at {found}")
    return np.zeros((len(batch), 3))
