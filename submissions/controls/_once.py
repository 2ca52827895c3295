"""Features that are computed once: the rungs of a world share their test and most of train."""

import hashlib

import numpy as np

from spurgen.baselines.training.encoders import ENCODERS
from spurgen.benchmark.contract import Batch

REMEMBERED = 40_000
"""Inputs whose features are kept, at most: those of several worlds."""
_known = {}


def encoded(kind, inputs):
    """Return a batch of the features of images or captions; compute those of inputs that were not met before."""
    keys = [hashlib.sha256(each.encode() if kind == "caption" else each.tobytes()).digest() for each in inputs]
    if len(_known) + len(keys) > REMEMBERED:
        _known.clear()
    new = {key: each for key, each in zip(keys, inputs, strict=True) if key not in _known}
    if new:
        given = list(new.values()) if kind == "caption" else np.stack(list(new.values()))
        _known.update(zip(new, ENCODERS[kind].load()(given), strict=True))
    return Batch(None, None, np.stack([_known[key] for key in keys]))
