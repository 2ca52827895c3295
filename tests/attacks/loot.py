"""Report what an attack reached; copied beside every submission, since several import it."""

import numpy as np


def guess(batch, loot):
    """Return equal scores, (n, 3); raise `RuntimeError`, which the scorecard shows, if an attack reached something."""
    if loot:
        raise RuntimeError(f"got at {loot}")
    return np.zeros((len(batch), 3))
