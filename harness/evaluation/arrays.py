"""Predictions from arrays, as a notebook has them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.alignment import named
from spurgen.harness.evaluation.columns import FLAG, FLAGS
from spurgen.harness.evaluation.predictions import Attribute, Predictions, is_numbered
from spurgen.harness.evaluation.tables import in_order, places
from spurgen.harness.metrics import softmax
from spurgen.harness.metrics.arrays import Float64, as_reals


def from_arrays(
    name: str,
    labels: ArrayLike,
    attributes: Mapping[str, ArrayLike],
    *,
    predicted: ArrayLike | None = None,
    logits: ArrayLike | None = None,
    aligned: Mapping[str, Mapping[str, str]] | None = None,
    classes: ArrayLike | None = None,
) -> Predictions:
    """Return the predictions of a model, called `name`, for n samples of K classes in one run or R runs.

    `labels`: (n,), integers or strings. `attributes` maps names to values, (n,) each; one whose name ends in `_aligned`
    and whose values are booleans says whether an attribute goes with the label. Either `predicted`, labels of shape
    (n,) or (R, n), or `logits`, real (n, K) or (R, n, K), of `classes` in this order; without it, classes are the
    different labels, in the order of their numbers, else of the alphabet. `aligned` maps attributes to the value that
    goes with each class, all as text; without it, robust accuracy is not known. Raises `SpurgenError` for arrays that
    do not fit each other, missing values, or a label that is no class, and `MetricError` for logits of a wrong shape or
    kind.
    """
    of_samples = _names("labels", labels)
    known = in_order(pd.Series(of_samples)) if classes is None else tuple(map(str, _names("classes", classes)))
    count, ids = len(of_samples), _places("labels", labels, known, len(of_samples))
    if (predicted is None) == (logits is None):
        raise SpurgenError("from_arrays: expected either predicted or logits")
    probs = None if logits is None else softmax(_of_runs(logits, (count, len(known))))
    if predicted is None:
        assert probs is not None
        answers = probs.argmax(axis=2)
    else:
        answers = np.stack([_places("predicted", row, known, count) for row in np.atleast_2d(np.asarray(predicted))])
    made = []
    for key, array in attributes.items():
        values = _names(key, array)
        if len(values) != count:
            raise SpurgenError(f"{key} has {len(values)} values for {count} labels; expected one for every sample")
        made.append(_attribute(key, values, known, (aligned or {}).get(key)))
    unknown = [key for key in aligned or {} if key not in attributes]
    if unknown or not made:
        raise SpurgenError(f"aligned names {unknown[0]}, which is no attribute" if unknown else "name an attribute")
    return Predictions(
        name=name,
        classes=known,
        labels=ids,
        attributes=tuple(made),
        predicted=answers,
        runs=tuple(str(k) for k in range(len(answers))),
        probs=probs,
        by_place=logits is not None and not is_numbered(known),
    )


def _attribute(
    key: str, values: NDArray[np.str_], classes: tuple[str, ...], aligned: Mapping[str, str] | None
) -> Attribute:
    if key.endswith(FLAG) and set(values) <= FLAGS.keys():
        known = tuple(dict.fromkeys(FLAGS.values()))
        ids = places(pd.Series(values).map(FLAGS), known)
        return Attribute(key.removesuffix(FLAG), known, ids, np.zeros(len(classes), np.int64))
    known = in_order(pd.Series(values))
    goes_with = None if aligned is None else named(key, known, classes, aligned)
    return Attribute(key, known, places(pd.Series(values), known), goes_with)


def _names(what: str, array: ArrayLike) -> NDArray[np.str_]:
    """Return entries as names, str (n,); whole numbers without a decimal point."""
    entries = np.asarray(array)
    if entries.ndim != 1 or not len(entries):
        raise SpurgenError(f"{what} has the shape {entries.shape}; expected (n,), with n at least 1")
    if pd.isna(entries).any():
        raise SpurgenError(f"{what}: entry {int(pd.isna(entries).argmax())} is missing; correct it, or leave it out")
    if entries.dtype.kind == "f" and (entries % 1 == 0).all():
        entries = entries.astype(np.int64)
    return entries.astype(str)


def _places(what: str, array: ArrayLike, classes: tuple[str, ...], count: int) -> NDArray[np.int64]:
    names = _names(what, array)
    if len(names) != count:
        raise SpurgenError(f"{what} has {len(names)} entries for {count} labels; expected (n,) or (R, n)")
    other = set(names) - set(classes)
    if other:
        raise SpurgenError(
            f"{what}: {min(other)} is none of the classes {', '.join(classes[:12])}; name all by classes"
        )
    return places(pd.Series(names), classes)


def _of_runs(logits: ArrayLike, shape: tuple[int, int]) -> Float64:
    """Return logits as float64 (R, n, K)."""
    scores = np.asarray(logits)
    return as_reals("logits", scores if scores.ndim > 2 else scores[None], ("R", *shape))
