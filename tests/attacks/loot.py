"""Shared by several attacks: how they show what they got at. It is copied with each."""

import numpy as np


def guess(batch, loot):
    """Return equal scores, (n, 3); raise `RuntimeError`, which the scorecard shows, if an attack got at something."""
    if loot:
        raise RuntimeError(f"got at {loot}")
    return np.zeros((len(batch), 3))
