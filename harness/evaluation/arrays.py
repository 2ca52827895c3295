"""Predictions from arrays, as a notebook has them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.columns import ALIGNED, CONFLICTS, FLAG, FLAGS, NO_FLAG
from spurgen.harness.evaluation.predictions import Aligned, Predictions, attributes_of, is_numbered
from spurgen.harness.evaluation.tables import NO_NAMES, are_probabilities, categorical, in_order, places
from spurgen.harness.machine.printing import listed
from spurgen.harness.metrics import softmax
from spurgen.harness.metrics.arrays import Float64, Int64, as_reals

Classes = tuple[str, ...]


def from_arrays(
    name: str,
    labels: ArrayLike,
    attributes: Mapping[str, ArrayLike],
    *,
    predicted: ArrayLike | None = None,
    logits: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    aligned: Aligned | None = None,
    keys: ArrayLike | None = None,
    runs: ArrayLike | None = None,
) -> Predictions:
    """Return the predictions of a model, called `name`, for n samples of K classes in one run or R runs.

    `labels`: (n,), strings, whole numbers, or booleans, which are called 0 and 1. `attributes` maps names to values,
    (n,) each; one whose name ends in `_aligned` says whether an attribute goes with the label. Either `predicted`,
    labels of shape (n,) or (R, n), or `logits`, real (n, K) or (R, n, K). `classes`: (K,), in the order of the logits;
    without it, the different labels, in the order of their numbers, else of the alphabet. `aligned` maps attributes to
    the value that goes with each class; without it, robust accuracy is not known. `keys`: (n,), the samples' names, by
    which two models' samples are paired; without it, by their places. `runs`: (R,), the runs' names, by which two
    models' runs are paired; without it, their numbers. Raises `SpurgenError` for arrays that do not fit each other,
    missing values, or a label that is no class, and `MetricError` for logits of a wrong shape or kind.
    """
    of_samples = _names("labels", labels)
    known = in_order(of_samples) if classes is None else _distinct("classes", classes)
    count = len(of_samples)
    label = _in_classes("labels", of_samples, known)
    if (predicted is None) == (logits is None):
        raise SpurgenError("from_arrays: expected either predicted or logits")
    probs = None if logits is None else _probabilities(logits, (count, len(known)))
    answers = _predicted(predicted, known, count) if probs is None else probs.argmax(axis=2)
    if not attributes:
        raise SpurgenError("attributes is empty; name one or more, which make groups with the label")
    factors = {"": label} | {key: _attribute(key, array, count) for key, array in attributes.items()}
    return Predictions(
        name=name,
        classes=known,
        labels=places(label),
        attributes=attributes_of(pd.DataFrame(factors), aligned or {}),
        predicted=answers,
        runs=_distinct("runs", np.arange(len(answers)) if runs is None else runs, len(answers)),
        probs=probs,
        keys=None if keys is None else _distinct("keys", keys, count),
        by_place=probs is not None and classes is None and not is_numbered(known),
    )


def _attribute(key: str, array: ArrayLike, count: int) -> pd.Series:
    values = _names(key, array, count)
    if not key.endswith(FLAG):
        return categorical(values)
    flags = values.str.lower().map(FLAGS)
    if flags.isna().any():
        raise SpurgenError(f"{key}: {values[flags.isna()].iloc[0]} {NO_FLAG}")
    return categorical(flags, (ALIGNED, CONFLICTS))


def _names(what: str, array: ArrayLike, count: int | None = None) -> pd.Series:
    """Return entries as names, (n,); whole numbers without a decimal point, booleans as 0 and 1."""
    entries = np.asarray(array)
    if entries.ndim != 1 or not len(entries) or (count is not None and len(entries) != count):
        expected = "n" if count is None else count
        raise SpurgenError(f"{what} has the shape {entries.shape}; expected ({expected},), an entry for each")
    if entries.dtype.kind == "b" or (entries.dtype.kind == "f" and (entries % 1 == 0).all()):
        entries = entries.astype(np.int64)
    names = pd.Series([str(entry).strip() for entry in entries.tolist()])
    missing = pd.isna(entries) | names.str.lower().isin(NO_NAMES | {""}).to_numpy()
    if missing.any():
        raise SpurgenError(f"{what}: entry {int(missing.argmax())} is missing; correct it, or leave the sample out")
    return names


def _distinct(what: str, array: ArrayLike, count: int | None = None) -> Classes:
    names = _names(what, array, count)
    if names.duplicated().any():
        raise SpurgenError(f"{what}: {names[names.duplicated()].iloc[0]} occurs more than once")
    return tuple(names)


def _in_classes(what: str, names: pd.Series, classes: Classes) -> pd.Series:
    other = set(names) - set(classes)
    if other:
        known = listed(classes)
        raise SpurgenError(f"{what}: {min(other)} is none of the classes {known}; name all classes by classes=")
    return categorical(names, classes)


def _predicted(array: ArrayLike | None, classes: Classes, count: int) -> Int64:
    """Return predicted labels, (n,) or (R, n), as int64 (R, n)."""
    rows = np.asarray(array)
    if rows.ndim not in (1, 2) or not rows.size:
        raise SpurgenError(f"predicted has the shape {rows.shape}; expected (n,) or (R, n)")
    names = [_names("predicted", row, count) for row in np.atleast_2d(rows)]
    return np.stack([places(_in_classes("predicted", row, classes)) for row in names])


def _probabilities(logits: ArrayLike, shape: tuple[int, int]) -> Float64:
    """Return the probabilities of logits, real (n, K) or (R, n, K), as float64 (R, n, K)."""
    scores = np.asarray(logits)
    checked = as_reals("logits", scores if scores.ndim > 2 else scores[None], ("R", *shape))
    if all(are_probabilities(run) for run in checked):
        raise SpurgenError("logits are probabilities: each row adds up to 1; pass their logarithms")
    return softmax(checked)
