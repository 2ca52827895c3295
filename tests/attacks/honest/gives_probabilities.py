"""Returns probabilities, some of which are 0."""

# expected: ranked
import numpy as np
from color import fit as fit
from color import scores


def predict_proba(batch):
    return np.eye(3)[scores(batch).argmax(axis=1)]
