"""The paired bootstrap of test samples, within their groups; `seed_spread` adds what seeds vary.

All rows of a task share weights, so differences between rows are paired. The draws are
reproducible for a given NumPy; unlike the data they are not frozen for ever.
"""

from collections.abc import Iterator

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


def _check_weights(weights: Weights | Float64, count: int, kinds: str = "iu") -> None:
    """Raises MetricError unless the weights are counts of n samples."""
    check_kind("weights", weights, kinds, "an array of counts")
    check_shape("weights", weights, ("B", count))


class GroupWeights:
    """Holds weights by group, in the shape that matrix products want: made once for all rows of a task.

    `group_ids`: integers (n,) in [0, G). `weights`: (B, n) of `group_bootstrap_weights`.

    Raises:
        MetricError: for arrays that do not fit each other, or an empty group.
    """

    def __init__(self, group_ids: Labels, weights: Weights) -> None:
        self._ids, self._sizes = as_groups(group_ids, "n", None)
        _check_weights(weights, len(self._ids))
        self._members = [np.flatnonzero(self._ids == group) for group in range(len(self._sizes))]
        self._parts = [weights[:, member].T.astype(np.float32) for member in self._members]

    def _accuracies(self, correct: Bool) -> Iterator[Float64]:
        """Yields every group's accuracy, float64 (S, B)."""
        hits = as_flags("correct", correct, ("S", len(self._ids))).astype(np.float32)
        for member, part, size in zip(self._members, self._parts, self._sizes.tolist(), strict=True):
            # counts below 2**24 are exact in float32, and its product is a fast matrix product
            yield (hits[:, member] @ part).astype(np.float64) / size

    def wga_and_accuracy(self, correct: Bool) -> tuple[Float64, Float64]:
        """Returns replicates of the means over seeds of worst-group accuracy and of accuracy: float64 (B,) each.

        `correct`: bool (S, n), one row per training seed.

        Raises:
            MetricError: for an array that does not fit.
        """
        shares = (self._sizes / self._sizes.sum()).tolist()
        groups = zip(shares, self._accuracies(correct), strict=True)
        share, worst = next(groups)
        mean = share * worst
        for share, accuracies in groups:
            worst = np.minimum(worst, accuracies)
            mean += share * accuracies
        return worst.mean(axis=0), mean.mean(axis=0)


def bootstrap_mean(values: Scores, weights: Weights | Float64) -> Float64:
    """Returns replicates of the mean over seeds and samples: float64 (B,).

    `values`: real (S, m), each base sample's contribution with all its twins, one row per training
    seed. `weights`: (B, m) of `group_bootstrap_weights`, fastest as float64.

    Raises:
        MetricError: for arrays that do not fit each other, or values that are not finite.
    """
    reals = as_reals("values", values, ("S", "m"))
    _check_weights(weights, reals.shape[1], "iuf")
    totals = weights.sum(axis=1)
    if not (np.isfinite(totals) & (totals > 0)).all():
        raise failure("weights", "a replicate of no samples", "counts of some", "pass those of group_bootstrap_weights")
    replicates: Float64 = reals.mean(axis=0) @ weights.astype(np.float64, copy=False).T / totals
    return replicates
