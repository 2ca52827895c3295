"""The arrays that metrics take: their checks, the softmax that they share, and the answers of a job.

Every error names the argument, its actual and expected value, and what to do. A module of this package that has a
function `measure(answers) -> float` is a metric of every job, under the module's name.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from spurgen.benchmark.errors import MetricError

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
Scores = NDArray[np.floating[Any]]  # what a submission returns: any real dtype
Labels = NDArray[np.integer[Any]]  # any integer dtype
Shape = tuple[int | str, ...]  # a name stands for any size of at least 1

LARGEST_SCORE = 1e100  # sums and squares of float64 stay finite below it
SUM_TOLERANCE = 1e-3  # probabilities may come as float16


def failure(name: str, actual: str, expected: str, remedy: str) -> MetricError:
    """Return an error with the argument's name, its actual and expected value, and what to do."""
    return MetricError(f"{name}: found {actual}, expected {expected}; {remedy}")


def check_shape(name: str, array: NDArray[Any], shape: Shape) -> None:
    """Raise MetricError unless the array has that shape and no empty axis."""
    fits = array.ndim == len(shape) and all(
        size > 0 if isinstance(want, str) else size == want for size, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        expected = f"shape ({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
        remedy = "pass one entry per sample, in the same order everywhere, and no empty axis"
        raise failure(name, f"shape {array.shape}", expected, remedy)


def check_kind(name: str, array: NDArray[Any], kinds: str, expected: str) -> None:
    """Raise MetricError unless `array` is a NumPy array whose dtype kind is among `kinds`."""
    if not isinstance(array, np.ndarray):
        raise failure(name, type(array).__name__, expected, "convert it with numpy.asarray")
    if array.dtype.kind not in kinds:
        raise failure(name, f"dtype {array.dtype}", expected, "convert it with .astype")


def as_reals(name: str, array: Scores, shape: Shape | None) -> Float64:
    """Return a checked array as float64; `shape` None allows any.

    Raises `MetricError` for a wrong dtype or shape, NaN, infinity or a magnitude above 1e100.
    """
    check_kind(name, array, "fiu", "an array of real numbers")
    check_shape(name, array, shape or tuple("..." for _ in array.shape))
    reals = array.astype(np.float64, copy=False)
    bad = ~(np.abs(reals) <= LARGEST_SCORE)
    if bad.any():
        where = tuple(map(int, np.argwhere(bad)[0]))
        actual = f"{reals[where]} at {where} ({int(bad.sum())} such of {bad.size})"
        raise failure(name, actual, f"finite numbers of at most {LARGEST_SCORE:g}", "correct the scores of that sample")
    return reals


def as_probabilities(name: str, array: Scores, shape: Shape) -> Float64:
    """Return checked class probabilities as float64, class axis last.

    Raises `MetricError` as `as_reals`, and for a negative entry or a row whose sum differs from 1 by more than 1e-3.
    """
    probs = as_reals(name, array, shape)
    if probs.min() < 0:
        raise failure(name, f"the negative value {probs.min()}", "probabilities", "apply softmax to logits first")
    sums = probs.sum(axis=-1)
    worst = float(sums.flat[np.abs(sums - 1).argmax()])
    if abs(worst - 1) > SUM_TOLERANCE:
        raise failure(name, f"a row that sums to {worst:.6g}", "rows that sum to 1", "apply softmax to logits first")
    return probs


def as_integers(name: str, array: Labels, count: int | str, bound: int | None) -> Int64:
    """Return checked integers (count,) in [0, bound) as int64; `bound` None sets no upper end.

    Raises `MetricError` for a wrong dtype, shape or range.
    """
    check_kind(name, array, "iu", "an array of integers")
    check_shape(name, array, (count,))
    low, high = int(array.min()), int(array.max())
    if low < 0 or (bound is not None and high >= bound):
        expected = f"integers in [0, {'...' if bound is None else bound})"
        raise failure(name, f"values from {low} to {high}", expected, "number classes and groups from 0, without -1")
    return array.astype(np.int64, copy=False)


def as_groups(group_ids: Labels, count: int | str, num_groups: int | None) -> tuple[Int64, Int64]:
    """Return checked group ids, int64 (n,), and the size of every group, int64 (G,), all positive.

    G is `num_groups`, or the highest id + 1 if that is None. Raises `MetricError` for a wrong dtype, shape or range, or
    an empty group: to score it 0, as WILDS does, looks like a failure of the model, and to skip it hides that nothing
    was measured.
    """
    ids = as_integers("group_ids", group_ids, count, num_groups)
    sizes = np.bincount(ids, minlength=num_groups or 0).astype(np.int64)
    empty = np.flatnonzero(sizes == 0).tolist()
    if empty:
        actual = f"no sample in group{'s' * (len(empty) > 1)} {', '.join(map(str, empty[:8]))} of {len(sizes)}"
        raise failure("group_ids", actual, "at least one sample in every group", "add samples or renumber the groups")
    return ids, sizes


def as_flags(name: str, array: Bool, shape: Shape) -> Bool:
    """Return a checked boolean array; raise MetricError for another dtype or shape."""
    check_kind(name, array, "b", "an array of booleans")
    check_shape(name, array, shape)
    return array


def as_fraction(name: str, value: float) -> float:
    """Return a checked number strictly between 0 and 1; raise MetricError for any other."""
    if not 0 < value < 1:
        raise failure(name, f"{value!r}", "a number strictly between 0 and 1", "0.95 is usual")
    return float(value)


def log_softmax(logits: Scores, temperature: float = 1.0) -> Float64:
    """Return log softmax(logits / temperature) over the last axis, in nats: float64, the shape of `logits`.

    `logits`: real (..., K). `temperature`: positive and finite. Raises `MetricError` for a temperature that is not
    positive and finite, or logits that are not finite.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise failure("temperature", f"{temperature!r}", "a positive finite number", "fit it by fit_temperature")
    reals = as_reals("logits", logits, None)
    with np.errstate(over="ignore"):  # a tiny temperature sends all but the largest to -inf, as it should
        scaled = (reals - reals.max(axis=-1, keepdims=True)) / temperature
    log_probs: Float64 = special.log_softmax(scaled, axis=-1)
    return log_probs


def softmax(logits: Scores, temperature: float = 1.0) -> Float64:
    """Return probabilities, in [0, 1]: the exponential of `log_softmax`, with its arguments and errors."""
    return np.exp(log_softmax(logits, temperature))


@dataclass(frozen=True)
class Answers:
    """A submission's calibrated probabilities on a task's test split, and the truth.

    `probs`: float64 (n, K). `labels`: int64 (n,). `groups`: int64 (n,), class times the number of alignment patterns,
    plus the pattern. `twins`: by channel, of the first m samples, one twin per value: float64 (m, V, K).
    """

    probs: Float64
    labels: Int64
    groups: Int64
    twins: Mapping[str, Float64]
