"""Lists files outside its folder in `FILES`, to read them."""

# expected: refused: FILES names \.\./\.\./\.\./\.\./etc/passwd, and .* is no plain file in .*; copy it there
import numpy as np

FILES = ["../../../../etc/passwd"]


def predict(batch):
    return np.zeros((len(batch), 3))
