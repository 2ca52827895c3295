"""The paired bootstrap of test samples within their groups; `seed_spread` adds the variance over seeds.

All rows of a task share weights, so differences between rows are paired. Draws are reproducible for a given version of
NumPy; unlike the data they are not frozen.
"""

import numpy as np
from numpy.typing import NDArray

from spurgen.generators.streams import stream_key
from spurgen.harness.metrics.arrays import (
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


class GroupWeights:
    """Weights by group, laid out for matrix products once for all rows of a task.

    `group_ids`: integers (n,) in [0, G). `weights`: (B, n) of `group_bootstrap_weights`. Raises `MetricError` for
    arrays that do not fit each other, or an empty group.
    """

    def __init__(self, group_ids: Labels, weights: Weights) -> None:
        self._ids, self._sizes = as_groups(group_ids, "n", None)
        check_kind("weights", weights, "iu", "an array of counts")
        check_shape("weights", weights, ("B", len(self._ids)))
        self._members = [np.flatnonzero(self._ids == group) for group in range(len(self._sizes))]
        self._parts = [weights[:, member].astype(np.float32) for member in self._members]

    def per_seed(self, correct: Bool, num_classes: int) -> tuple[Float64, Float64, Float64]:
        """Return replicates of every seed's worst-group, robust and plain accuracy: float64 (S, B) each.

        `correct`: bool (S, n), a line per training seed, of one row or of many: many at once are faster. The groups
        are class * (G / num_classes) + pattern. Raises `MetricError` for an array of another shape or dtype, or if
        `num_classes` does not divide G.
        """
        if num_classes < 1 or len(self._sizes) % num_classes:
            expected = f"a multiple of the {num_classes} classes"
            raise failure("group_ids", f"{len(self._sizes)} groups", expected, "pass every (class, pattern) group")
        hits = as_flags("correct", correct, ("S", len(self._ids))).astype(np.float32)
        worst = np.full((len(hits), len(self._parts[0])), np.inf)
        mean = np.zeros_like(worst)
        patterns = np.zeros((len(self._sizes) // num_classes, *worst.shape))
        shares = (self._sizes / self._sizes.sum()).tolist()
        parts = zip(self._members, self._parts, self._sizes.tolist(), shares, strict=True)
        for group, (member, part, size, share) in enumerate(parts):
            # float32 holds counts below 2**24 exactly, and multiplies matrices fast
            accuracies = np.divide(hits[:, member] @ part.T, size, dtype=np.float64)
            np.minimum(worst, accuracies, out=worst)
            patterns[group % len(patterns)] += accuracies
            accuracies *= share
            mean += accuracies
        return worst, patterns.min(axis=0) / num_classes, mean


class SampleWeights:
    """Weights of base samples, checked and summed once for all rows of a task.

    `weights`: real (B, m), such as those of `group_bootstrap_weights`. Raises `MetricError` for another dtype, or a
    replicate whose weights do not sum to a positive finite number.
    """

    def __init__(self, weights: Weights | Float64) -> None:
        check_kind("weights", weights, "iuf", "an array of counts")
        check_shape("weights", weights, ("B", "m"))
        self._totals = weights.sum(axis=1)
        if not (np.isfinite(self._totals) & (self._totals > 0)).all():
            remedy = "pass those of group_bootstrap_weights"
            raise failure("weights", "a replicate of no samples", "positive sums", remedy)
        self._by_sample = weights.astype(np.float64, copy=False).T

    def mean(self, values: Scores) -> Float64:
        """Return replicates of the mean over seeds and samples: float64 (B,).

        `values`: real (S, m), each base sample's contribution with all its twins, a line per training seed. Raises
        `MetricError` for an array of another shape, or values that are not finite.
        """
        reals = as_reals("values", values, ("S", len(self._by_sample)))
        replicates: Float64 = reals.mean(axis=0) @ self._by_sample / self._totals
        return replicates
