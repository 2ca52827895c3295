"""Lists a hidden folder in `FILES`, such as one with secrets, if it lies in the operator's home folder."""

# expected: refused: FILES names \.spurgen, which is hidden
import numpy as np

FILES = [".spurgen"]


def predict(batch):
    return np.zeros((len(batch), 3))
