"""The paired bootstrap of test samples, within their groups; `seed_spread` adds what seeds vary.

All rows of a task share weights, so differences between rows are paired. The draws are
reproducible for a given NumPy; unlike the data they are not frozen for ever.
"""

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.streams import stream_key
from spurgen.harness.metrics._arrays import (
    Bool,
    Float64,
    Labels,
    Scores,
    as_flags,
    as_groups,
    as_reals,
    check_kind,
    check_shape,
    failure,
)

Weights = NDArray[np.uint8]


def named_generator(*names: str | int) -> np.random.Generator:
    """Returns a generator of its own for these names."""
    return np.random.Generator(np.random.Philox(key=stream_key("bootstrap", *names)))


def _check_positive(name: str, value: int) -> None:
    """Raises MetricError unless the count is at least 1."""
    if value < 1:
        raise failure(name, str(value), "at least 1", "1000 replicates and 5 seeds are usual")


def group_bootstrap_weights(group_ids: Labels, replicates: int, seed: str | int) -> Weights:
    """Draws how often each replicate holds each sample: uint8 (B, n).

    `group_ids`: integers (n,) in [0, G). Every group is resampled with replacement to its own size,
    from a stream of its own, so replicates stay as balanced as the design.

    Raises:
        MetricError: for bad or empty groups, or no replicate.
    """
    _check_positive("replicates", replicates)
    ids, sizes = as_groups(group_ids, "n", None)
    weights = np.empty((replicates, len(ids)), np.uint8)
    for group, size in enumerate(sizes.tolist()):
        picks = named_generator(seed, "group", group).integers(size, size=(replicates, size))
        picks += size * np.arange(replicates)[:, None]  # one bin per replicate and sample
        counts = np.bincount(picks.ravel(), minlength=replicates * size).reshape(replicates, size)
        assert counts.max() <= np.iinfo(np.uint8).max  # odds below 1 / 255!
        weights[:, ids == group] = counts
    return weights


def _check_weights(weights: Weights, count: int) -> None:
    """Raises MetricError unless the weights are counts of n samples."""
    check_kind("weights", weights, "iu", "an array of counts")
    check_shape("weights", weights, ("B", count))


def bootstrap_wga(correct: Bool, group_ids: Labels, weights: Weights) -> Float64:
    """Returns replicates of the mean over seeds of the worst-group accuracy: float64 (B,).

    `correct`: bool (S, n), one row per training seed. `group_ids`: integers (n,) in [0, G).
    `weights`: (B, n) of `group_bootstrap_weights`.

    Raises:
        MetricError: for arrays that do not fit each other, or an empty group.
    """
    hits = as_flags("correct", correct, ("S", "n"))
    ids, sizes = as_groups(group_ids, hits.shape[1], None)
    _check_weights(weights, hits.shape[1])
    worst = np.ones((len(hits), len(weights)))
    for group, size in enumerate(sizes.tolist()):
        member = ids == group
        # counts below 2**24 are exact in float32, and its product is a fast matrix product
        counts = hits[:, member].astype(np.float32) @ weights[:, member].astype(np.float32).T
        np.minimum(worst, counts.astype(np.float64) / size, out=worst)
    means: Float64 = worst.mean(axis=0)
    return means


def bootstrap_mean(values: Scores, weights: Weights) -> Float64:
    """Returns replicates of the mean over seeds and samples: float64 (B,).

    `values`: real (S, m), each base sample's contribution with all its twins, one row per training
    seed. `weights`: (B, m) of `group_bootstrap_weights`.

    Raises:
        MetricError: for arrays that do not fit each other, or values that are not finite.
    """
    reals = as_reals("values", values, ("S", "m"))
    _check_weights(weights, reals.shape[1])
    replicates: Float64 = reals.mean(axis=0) @ weights.astype(np.float64).T / weights.sum(axis=1)
    return replicates
