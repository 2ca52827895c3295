"""Predictions of a model's runs, attributes with the value that goes with each class, and the groups of both."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import suggestion
from spurgen.harness.evaluation.tables import ALIGNED, CONFLICTS, FLAG, places, values_of
from spurgen.harness.machine.printing import listed, p_equals
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.samples import Design

MOST_GROUPS = 100_000
SHOWN = 3  # missing groups that a message names
ALLOW = "--allow-missing-groups leaves such groups out, and says so"
ALPHA = 0.001  # of the test of whether an attribute goes with the class at all; train splits are large
UNKNOWN = (
    "no split is called train, where the value that goes with each class is looked up; name it by "
    "--aligned ATTRIBUTE CLASS=VALUE ..."
)
Aligned = Mapping[str, Mapping[Any, Any]]
"""By attribute: the value that goes with each class."""


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


def same_order(first: Predictions, second: Predictions, same: str) -> Int64:
    """Return the place of the first's samples in the second, int64 (n,).

    Raises `SpurgenError` if they are not the same; `same` says why they must be.
    """
    attributes = [", ".join(attribute.name for attribute in model.attributes) for model in (first, second)]
    for what, ours, theirs in (("split", first.split, second.split), ("attributes", *attributes)):
        if ours and theirs and ours != theirs:
            raise SpurgenError(f"{first.name} has the {what} {ours}, and {second.name} {theirs}; {same}: name --{what}")
    order = _order(first, second, same)
    for (what, of_first), (_, of_second) in zip(first.factors(), second.factors(), strict=True):
        differ = of_first != of_second[order]
        if differ.any():
            k = int(differ.argmax())
            sample = first.keys[k] if first.keys else f"sample {k + 1}"
            raise SpurgenError(
                f"{first.name} and {second.name} give {sample} different {what}, {of_first[k]} and "
                f"{of_second[order][k]}; {same}, and --key if they are in another order"
            )
    return order


def _order(first: Predictions, second: Predictions, same: str) -> Int64:
    if first.keys is None or second.keys is None:
        if len(first) != len(second):
            raise SpurgenError(
                f"{first.name} has {len(first)} samples and {second.name} {len(second)}; {same}, and --key if they are "
                "in another order"
            )
        return np.arange(len(first))
    ours, theirs = pd.Index(first.keys), pd.Index(second.keys)
    for names, lacking in (
        ((second.name, first.name), ours.difference(theirs)),
        ((first.name, second.name), theirs.difference(ours)),
    ):
        if len(lacking):
            raise SpurgenError(
                f"{names[0]} lacks {len(lacking)} of the samples of {names[1]}, such as {lacking[0]}; {same}"
            )
    order: Int64 = theirs.get_indexer(ours).astype(np.int64)
    return order


def attributes_of(factors: pd.DataFrame, aligned: Aligned, train: pd.DataFrame | None = None) -> tuple[Attribute, ...]:
    """Return the attributes of samples, with the value that goes with each class where that is known.

    `factors`: label, then attributes, all categorical; `train`: those of the train split, in which values that are not
    `aligned` are looked up. Raises `SpurgenError` for values `aligned` of an unknown attribute, or needlessly, and as
    `named` does.
    """
    label, *names = map(str, factors)
    for name in aligned:
        if name not in names:
            raise SpurgenError(f"--aligned {name}: there is no attribute {name!r}; {suggestion(name, names)}")
        if name.endswith(FLAG):
            raise SpurgenError(f"--aligned {name} has no effect: its column says what goes with the class")
    classes, made = values_of(factors[label]), []
    for name in names:
        values, ids = values_of(factors[name]), places(factors[name])
        one = flag(name, ids, len(classes)) if name.endswith(FLAG) else Attribute(name, values, ids)
        if name in aligned:
            words = {str(label): str(value) for label, value in aligned[name].items()}
            one = replace(one, aligned=named(name, values, classes, words))
        elif train is not None and not one.is_flag:
            value, why = in_train(name, places(train[label]), places(train[name]), classes)
            one = replace(one, aligned=value, unaligned=why)
        made.append(one)
    return tuple(made)


def named(name: str, values: Sequence[str], classes: Sequence[str], aligned: Mapping[str, str]) -> Int64:
    """Return the value that goes with each class, int64 (K,): the place in `values` of the one that `aligned` names.

    Raises `SpurgenError` for a class or value that does not exist, a class without a value, or classes that share one.
    """
    for what, asked, known in (("class", aligned, classes), ("value", aligned.values(), values)):
        for word in asked:
            if word not in known:
                raise SpurgenError(f"--aligned {name}: there is no {what} {word!r}; {suggestion(word, known)}")
    lacking = [c for c in classes if c not in aligned]
    if lacking:
        raise SpurgenError(f"--aligned {name} says nothing of {lacking[0]}; name a value for every class")
    of_value: dict[str, str] = {}
    for c in classes:
        other = of_value.setdefault(aligned[c], c)
        if other != c:
            raise SpurgenError(
                f"--aligned {name}: {other} and {c} have the same value {aligned[c]}, which does not tell them apart; "
                "name another value for each class, or leave --aligned out: accuracy if misled is not defined"
            )
    return np.array([values.index(aligned[c]) for c in classes], dtype=np.int64)


def in_train(name: str, labels: Int64, ids: Int64, classes: Sequence[str]) -> tuple[Int64 | None, str]:
    """Return the value that goes with each class in train, int64 (K,), or None and the reason why it is not known.

    `labels`, `ids`: class and value of attribute `name` of the train samples, int64 (n,).
    """
    from scipy.stats import chi2_contingency  # takes half a second to import

    if not len(labels):
        return None, UNKNOWN
    lacking = [c for k, c in enumerate(classes) if not (labels == k).any()]
    if lacking:
        why = f"the train split has no sample of {lacking[0]}, so name its values by --aligned {name} CLASS=VALUE ..."
        return None, why
    counts = np.zeros((len(classes), int(ids.max()) + 1))
    np.add.at(counts, (labels, ids), 1)
    p_value = float(chi2_contingency(counts[:, counts.any(axis=0)]).pvalue)
    if p_value > ALPHA:
        chance = f"more than by chance ({p_equals(p_value)})"
        return None, f"in the train split, no value of {name} goes with a class {chance}"
    aligned = aligned_values(counts)
    if len(set(aligned.tolist())) < len(classes):
        return None, f"in the train split, classes share the value of {name} that goes with them"
    return aligned, ""


def aligned_values(counts: Float64) -> Int64:
    """Return the value that goes with each class, int64 (K,): the one that is most over-represented in it.

    `counts`: samples of each class and value, float64 (K, V). That is the value whose share in the class exceeds its
    share in all samples most.
    """
    shares = counts / counts.sum(axis=1, keepdims=True) - counts.sum(axis=0) / counts.sum()
    aligned: Int64 = shares.argmax(axis=1)
    return aligned
