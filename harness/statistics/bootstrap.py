"""Random generators and weights of the bootstrap.

Draws are reproducible for a given version of NumPy; unlike the data they are not frozen.
"""

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.streams import stream_key
from spurgen.harness.metrics.arrays import (
    Labels,
    as_groups,
    failure,
)

Weights = NDArray[np.uint8]


def named_generator(*names: str | int) -> np.random.Generator:
    """Return a random generator whose stream depends on the names alone."""
    return np.random.Generator(np.random.Philox(key=stream_key("bootstrap", *names)))


def group_bootstrap_weights(group_ids: Labels, replicates: int, seed: str | int) -> Weights:
    """Draw how often each replicate holds each sample: uint8 (B, n).

    `group_ids`: integers (n,) in [0, G). `replicates`: B. Every group is resampled with replacement to its own size,
    from its own stream, so replicates stay as balanced as the design. Raises `MetricError` for bad or empty groups, or
    no replicate.
    """
    if replicates < 1:
        raise failure("replicates", str(replicates), "at least 1", "1000 are usual")
    ids, sizes = as_groups(group_ids, "n", None)
    by_sample = np.empty((len(ids), replicates), np.uint8)  # the order in which they are written and read fastest
    for group, size in enumerate(sizes.tolist()):
        picks = named_generator(seed, "group", group).integers(size, size=(replicates, size), dtype=np.int32)
        bins = picks * replicates + np.arange(replicates, dtype=np.int32)[:, None]
        counts = np.bincount(bins.ravel(), minlength=size * replicates).reshape(size, replicates)
        assert counts.max() <= np.iinfo(np.uint8).max  # odds below 1 / 255!
        by_sample[ids == group] = counts
    return by_sample.T
