"""Predictions of a model's runs for labelled samples, and the groups that labels and attributes make."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.columns import ALIGNED, CONFLICTS, FLAG
from spurgen.harness.machine.printing import listed
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.samples import Design

MOST_GROUPS = 100_000
SHOWN = 3  # missing groups that a message names
ALLOW = "--allow-missing-groups leaves such groups out, and says so"


@dataclass(frozen=True)
class Attribute:
    """An attribute of every sample.

    `ids`: places in `values`, int64 (n,). `aligned`: the value that goes with each class, int64 (K,), or None where it
    is not known; `unaligned`: the reason why not. `is_flag`: instead of its values, only whether they go with the class
    is known, and `values` are `aligned` and `conflicts`.
    """

    name: str
    values: tuple[str, ...]
    ids: Int64
    aligned: Int64 | None = None
    unaligned: str = "which value goes with which class is not named"
    is_flag: bool = False


def flag(column: str, ids: Int64, num_classes: int) -> Attribute:
    """Return the attribute of a column of flags; `ids`: 0 where it goes with the class, else 1, int64 (n,)."""
    aligned = np.zeros(num_classes, np.int64)
    return Attribute(column.removesuffix(FLAG), (ALIGNED, CONFLICTS), ids, aligned, is_flag=True)


@dataclass(frozen=True)
class Predictions:
    """Predictions of R runs of a model for the same n samples of K classes.

    `labels`: int64 (n,). `predicted`: int64 (R, n). `probs`: float64 (R, n, K), or None where only classes are known.
    `keys`: names of the samples, or None where only their order is known. `split`: its name, None where there is none;
    `unused`: lines of other splits. `by_place`: whether scores belong to the classes by their place, not by name.
    `train`: class and values of the train samples, int64 (m, 1 + A), None where there are none.
    """

    name: str
    classes: tuple[str, ...]
    labels: Int64
    attributes: tuple[Attribute, ...]
    predicted: Int64
    runs: tuple[str, ...]
    probs: Float64 | None = None
    keys: tuple[str, ...] | None = None
    split: str | None = None
    unused: int = 0
    by_place: bool = False
    train: Int64 | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Int64) -> "Predictions":
        """Return the samples at some places, int64 (m,)."""
        return replace(
            self,
            labels=self.labels[rows],
            attributes=tuple(replace(each, ids=each.ids[rows]) for each in self.attributes),
            predicted=self.predicted[:, rows],
            probs=None if self.probs is None else self.probs[:, rows],
            keys=None if self.keys is None else tuple(np.array(self.keys)[rows].tolist()),
        )

    def run(self, k: int) -> "Predictions":
        """Return one run."""
        probs = None if self.probs is None else self.probs[k : k + 1]
        return replace(self, predicted=self.predicted[k : k + 1], probs=probs, runs=self.runs[k : k + 1])

    def factors(self) -> Iterator[tuple[str, NDArray[np.str_]]]:
        """Yield the title of the labels and of each attribute, and the names of their values, str (n,)."""
        yield "labels", np.array(self.classes)[self.labels]
        for attribute in self.attributes:
            yield f"values of {attribute.name}", np.array(attribute.values)[attribute.ids]


def stacked(runs: Sequence[Predictions], names: Sequence[str]) -> Predictions:
    """Return the runs of several predictions for the same samples in the same order, under these names."""
    probs = [each.probs for each in runs if each.probs is not None]
    return replace(
        runs[0],
        predicted=np.concatenate([each.predicted for each in runs]),
        probs=np.concatenate(probs) if len(probs) == len(runs) else None,
        runs=tuple(names),
    )


def is_numbered(classes: Sequence[str]) -> bool:
    """Return whether the classes are called 0 to K - 1, in that order: then their names are their places."""
    return list(classes) == [str(k) for k in range(len(classes))]


@dataclass(frozen=True, kw_only=True)
class Groups(Design):
    """The groups of samples: every class with every combination of values, in that order.

    `names`: of the groups; `missing`: those without a sample, which are in no other field. A state's weights: within a
    class by size, then every class alike. `balanced`: the weights of balanced accuracy, and `as_in_train`: of the
    accuracy whose groups are weighted as in train, float64 (G,); None if no train samples are known, or if some are of
    a missing group.
    """

    names: tuple[str, ...]
    missing: tuple[str, ...]
    balanced: Float64
    as_in_train: Float64 | None


def group(predictions: Predictions, allow_missing: bool = False) -> Groups:
    """Group the samples; raise `SpurgenError` for a group without a sample, unless `allow_missing`."""
    attributes = predictions.attributes
    shape = (len(predictions.classes), *(len(a.values) for a in attributes))
    if math.prod(shape) > MOST_GROUPS:
        counts = ", ".join(f"{a.name} has {len(a.values)}" for a in attributes)
        raise SpurgenError(
            f"{predictions.name} would have {math.prod(shape):,} groups, at most {MOST_GROUPS:,}: of {len(shape)} "
            f"factors the class has {shape[0]} values, {counts}; name fewer --attributes, or cut numbers into a few "
            "values first"
        )
    ids = np.ravel_multi_index((predictions.labels, *(a.ids for a in attributes)), shape)
    sizes = np.bincount(ids, minlength=int(np.prod(shape)))
    names = [_name(predictions.classes, attributes, place) for place in product(*map(range, shape))]
    missing = [name for name, size in zip(names, sizes, strict=True) if not size]
    if missing and not allow_missing:
        shown = listed(missing, SHOWN, "; ")
        raise SpurgenError(
            f"{predictions.name} has no sample of {len(missing)} of {len(names)} groups: {shown}; without them "
            f"worst-group accuracy is not known. Add samples, or name other --attributes; {ALLOW}"
        )
    present = np.flatnonzero(sizes)
    place_of = np.cumsum(sizes > 0) - 1
    factors = np.array(list(np.ndindex(shape)))[present]
    states = _states(predictions, factors, sizes[present])
    return Groups(
        ids=place_of[ids],
        names=tuple(names[k] for k in present),
        sizes=sizes[present],
        missing=tuple(missing),
        states={name: weights for name, weights in states.items() if weights is not None},
        missing_states=tuple(name for name, weights in states.items() if weights is None),
        balanced=_over_classes(factors[:, 0], sizes[present]),
        as_in_train=_as_in_train(predictions.train, shape, present),
    )


def _over_classes(classes: Int64, sizes: Int64) -> Float64:
    """Return the weights of groups, int64 (G,) each: within a class by size, then every class alike."""
    of_class = np.bincount(classes, sizes)
    weights: Float64 = sizes / of_class[classes] / np.count_nonzero(of_class)
    return weights


def _as_in_train(train: Int64 | None, shape: tuple[int, ...], present: Int64) -> Float64 | None:
    if train is None:
        return None
    counts = np.bincount(np.ravel_multi_index(tuple(train.T), shape), minlength=math.prod(shape))
    return counts[present] / len(train) if counts[present].sum() == len(train) else None


def _name(classes: Sequence[str], attributes: Sequence[Attribute], place: Sequence[int]) -> str:
    pairs = zip(attributes, place[1:], strict=True)
    values = (f"{a.name} {a.values[k]}" if a.is_flag else f"{a.name} = {a.values[k]}" for a, k in pairs)
    return ", ".join([classes[place[0]], *values])


def _states(predictions: Predictions, places: Int64, sizes: Int64) -> dict[str, Float64 | None]:
    """Return the weights of groups where all attributes agree, and where all mislead; None if a class has only others.

    `places`: class and values of each group, int64 (G, 1 + A).
    """
    attributes, classes = predictions.attributes, places[:, 0]
    known = [a.aligned for a in attributes if a.aligned is not None]
    if len(known) < len(attributes) or not attributes:
        return {}
    misleads = np.stack([places[:, 1 + k] != aligned[classes] for k, aligned in enumerate(known)], axis=1)
    states: dict[str, Float64 | None] = {}
    for name, inside in (("agree", ~misleads.any(axis=1)), ("mislead", misleads.all(axis=1))):
        has_all = len(set(classes[inside])) == len(set(classes))
        states[name] = _over_classes(classes, inside * sizes) if has_all else None
    return states
