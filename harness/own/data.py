"""A user's own images or texts with labels and a shortcut, in splits, checked before any work."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, hypergeom

from spurgen.benchmark.errors import SpurgenError
from spurgen.generators.collections.world import MISLEADS, NEUTRAL, states_of
from spurgen.harness.evaluation.reading import labelled_in, splits_of
from spurgen.harness.evaluation.tables import (
    FILES,
    Columns,
    first_of,
    places,
    read_header,
    read_table,
    recognise,
    values_of,
)
from spurgen.harness.machine.images import below
from spurgen.harness.machine.printing import and_list, listed
from spurgen.harness.metrics.arrays import Bool, Float64, Int64
from spurgen.harness.statistics.samples import named_generator

SPLITS = ("train", "val", "test")
OTHER_NAMES = {"valid": "val", "validation": "val", "dev": "val", "id_val": "val"}
SHARES = (0.6, 0.15, 0.25)  # of train, val and test, if the data have no splits
OF_TRAIN = 0.2  # goes to val, if there is a test split but none for validation
MOST_NAMES = 50  # classes, or values of the shortcut
FRACTION = re.compile(r"-?\d*\.\d+(e-?\d+)?", re.IGNORECASE)
FEW = 10  # test samples of a group
STATES = ("agrees", "misleads", "is neutral")
"""What the shortcut does in a sample."""
FALSE_RATE = 0.05  # of pairs of a value and a class that are taken to go together
AS_MUCH = 0.5  # as the class most over-represented, from which a value goes with another class too
SHOWN = 5  # values that a sentence names
LEFT_OUT = "the class is left out where the shortcut agrees or misleads"
LEAST_CLASSES = 2  # of which accuracies are averaged: of one class, a constant answer would be right
HARDLY = 0.9  # share of the counterexamples expected by chance from which there is hardly a shortcut


@dataclass(frozen=True)
class OwnData:
    """n samples of K classes, and the shortcut's value in each.

    `kept`: their lines in the table, from 0, int64 (n,). `inputs`: file names below `folder`, or texts if that is None;
    none where features are given. `labels`, `values`: places in `classes` and in
    `value_names`, int64 (n,). `splits`: places in `SPLITS`, int64 (n,). `goes`: which values go with which classes in
    train, bool (V, K). `have`: counterexamples in train of the whole table, whose `rows` may be more than the samples
    here. `drawn`: which splits were drawn, in a sentence, empty if none were.
    """

    label: str
    shortcut: str
    kept: Int64
    folder: Path | None
    inputs: list[str]
    classes: tuple[str, ...]
    value_names: tuple[str, ...]
    labels: Int64
    values: Int64
    splits: Int64
    goes: Bool
    have: int
    rows: int
    drawn: str = ""

    @cached_property
    def states(self) -> Int64:
        """What the shortcut does in each sample, a place in `STATES`, int64 (n,)."""
        return states_of(self.goes, self.labels, self.values)

    @property
    def misleads(self) -> Bool:
        """Which samples are counterexamples: their value goes with another class, bool (n,)."""
        found: Bool = self.states == MISLEADS
        return found

    @property
    def measured(self) -> Int64:
        """Classes that have test samples in which the shortcut agrees, and others in which it misleads, int64 (M,)."""
        return np.flatnonzero((self._test_sizes()[:, :NEUTRAL] > 0).all(axis=1))

    def _test_sizes(self) -> Int64:
        """Return the test samples of each class and state, int64 (K, 3)."""
        return counted(self.labels, self.states, self.inside("test"), (len(self.classes), len(STATES)))

    def inside(self, split: str) -> Bool:
        """Return which samples are of a split, bool (n,)."""
        found: Bool = self.splits == SPLITS.index(split)
        return found

    def about(self) -> str:
        """Return the numbers of samples and counterexamples, and which values go with which class, in sentences."""
        values = [np.flatnonzero(row) for row in self.goes.T]
        pairs = [f"{self._some(v)} with {name}" for name, v in zip(self.classes, values, strict=True) if len(v)]
        sizes = [f"{int(self.inside(split).sum()):,} {split}" for split in SPLITS]
        used = f" of {self.rows:,}" if len(self.labels) < self.rows else ""
        rest, neutral = np.flatnonzero(~self.goes.any(axis=1)), int((self.states == NEUTRAL).sum())
        left = f"; with no class: {self._some(rest)} ({neutral:,} neutral samples)" if len(rest) else ""
        return (
            f"{and_list(sizes)} samples{used}.{self.drawn} In train, {self.shortcut} goes with {self.label}: "
            f"{and_list(pairs)}{left}. In a counterexample, {self.shortcut} goes with another {self.label}; train has "
            f"{self.have:,}."
        )

    def _some(self, values: Int64) -> str:
        """Return the names of values, int64 (k,), or of the first."""
        names = [self.value_names[v] for v in values]
        return and_list(names) if len(names) <= SHOWN else listed(names, SHOWN)

    def limits(self) -> Iterator[str]:
        """Yield a sentence for each limit of what these data can show."""
        of_train = self.inside("train")
        found = int((of_train & self.misleads).sum())
        for k, (name, sizes) in enumerate(zip(self.classes, self._test_sizes(), strict=True)):
            has_value = bool(self.goes[:, k].any())
            if not has_value:
                yield f"No {self.shortcut} goes with {name}: {LEFT_OUT}."
            for state, size in zip(STATES[:NEUTRAL] if has_value else (), sizes, strict=False):
                about = f"{self.shortcut} {state} in {size} test samples of {name}"
                if size == 0:
                    yield f"{about}: {LEFT_OUT}."
                elif size < FEW:
                    yield f"{about}: with fewer than {FEW}, its accuracy is little more than chance."
        if found < len(self.classes):
            yield (
                f"{self.shortcut} nearly is the label: train has {found} counterexamples, fewer than the "
                f"{len(self.classes)} classes, so nothing can be said of how many are needed."
            )
        shares = np.bincount(self.values[of_train], minlength=len(self.value_names)) / of_train.sum()
        chance = float((shares @ (self.goes.any(axis=1, keepdims=True) & ~self.goes))[self.labels[of_train]].mean())
        if found >= HARDLY * chance * of_train.sum():
            yield (
                f"{found / of_train.sum():.0%} of the train samples are counterexamples, and by chance {chance:.0%} "
                f"would be: {self.shortcut} hardly is a shortcut here. The ladder makes it one by leaving most out."
            )


def read_own(
    metadata: Path, folder: Path, asked: Columns, text_columns: Sequence[str], most: int, *, has_features: bool = False
) -> OwnData:
    """Read a table of labelled samples, whose images lie in `folder`, or whose texts in `text_columns`.

    At most `most` samples are kept, drawn at random. With `has_features` samples need neither images nor texts. Raises
    `SpurgenError` if nothing can be trained or measured: missing files or texts, one class, one value, labels that are
    fractions, or fewer than two classes with test samples in which the shortcut agrees, and others in which it
    misleads.
    """
    header = read_header(metadata)
    columns = recognise(asked, header, None, "--shortcut")
    header.check(*text_columns)
    files = asked.key or first_of(header.columns, FILES) or columns.key
    if len(columns.attributes) != 1:
        raise SpurgenError(f"{metadata}: name one of {', '.join(columns.attributes)} by --shortcut")
    if not (text_columns or has_features or files in header.columns):
        raise SpurgenError(
            f"{metadata} has no column of image files ({', '.join(FILES)}): name it by --key, a column of texts by "
            f"--text, or a file of features by --features; its columns are {listed(header.columns)}"
        )
    shown = [] if has_features else text_columns or [str(files)]
    table = read_table(metadata, lambda name: name in shown or columns.may_matter(name))
    known = columns.split is not None and columns.split in table
    of = splits_of(table, str(columns.split)).replace(OTHER_NAMES) if known else None
    labelled = labelled_in(table, columns, asked, None if of is None else str(of.iloc[0]))
    label, shortcut = str(columns.label), columns.attributes[0]
    factors = [_checked(metadata, labelled.factors[name]) for name in (label, shortcut)]
    (classes, value_names), (labels, values) = map(values_of, factors), map(places, factors)
    splits, drawn = _splits(metadata, of, labels * len(value_names) + values)
    goes = _goes(metadata, *(each[splits == 0] for each in factors))
    kept = np.flatnonzero(splits >= 0)
    if len(kept) > most:
        kept = np.sort(named_generator("own", "kept", 0).permutation(kept)[:most])
    parts = [table.rows(kept).texts(name) for name in shown]
    inputs = [" ".join(words) for words in zip(*parts, strict=True)]
    if shown and not text_columns:
        _check_files(metadata, shown[0], folder, inputs)
    data = OwnData(
        label=label, shortcut=shortcut, kept=kept, folder=None if text_columns else folder, inputs=inputs,
        classes=classes,
        value_names=value_names, labels=labels[kept], values=values[kept], splits=splits[kept], goes=goes,
        have=int(((states_of(goes, labels, values) == MISLEADS) & (splits == 0)).sum()), rows=len(table), drawn=drawn,
    )  # fmt: skip
    if len(data.measured) < LEAST_CLASSES:
        raise SpurgenError(
            f"{metadata}: {shortcut} goes with the {label} in some test samples, and with another in others, for only "
            f"{len(data.measured)} of {len(classes)} classes; two are needed to measure anything: add samples, or name "
            "another column by --shortcut"
        )
    return data


def _checked(path: Path, entries: pd.Series) -> pd.Series:
    """Return a categorical column with the names that occur; raise `SpurgenError` for fractions, too many, or one."""
    found = entries.cat.remove_unused_categories()
    names, column = values_of(found), entries.name
    fractions = [name for name in names if FRACTION.fullmatch(name)]
    fraction = next((name for name in fractions if float(name) % 1), fractions[0] if fractions else None)
    if fraction is not None:
        raise SpurgenError(
            f"{path}, column {column}: {fraction} is a fraction and names no class or value; cut the numbers into a "
            "few values, or name another column"
        )
    if len(names) > MOST_NAMES:
        raise SpurgenError(
            f"{path}, column {column} has {len(names):,} different entries, at most {MOST_NAMES}; name another column"
        )
    if len(names) == 1:
        raise SpurgenError(f"{path}, column {column}: every entry is {names[0]}; two or more are needed")
    return found


def _splits(path: Path, of: pd.Series | None, groups: Int64) -> tuple[Int64, str]:
    """Return the split of each sample, a place in `SPLITS`, or -1 for one of another name, int64 (n,); and `drawn`.

    Where the table has no splits, or none for validation, they are drawn within each group.
    """
    rng = named_generator("own", "splits", 0)
    if of is None or of.nunique() == 1:
        shares = and_list([f"{100 * share:.0f} %" for share in SHARES])
        return _drawn(groups, SHARES, rng), f" The table has no splits, so they were drawn at random: {shares}."
    splits: Int64 = pd.Index(SPLITS).get_indexer(pd.Index(of)).astype(np.int64)
    for number, name in ((0, "train"), (2, "test")):
        if not (splits == number).any():
            raise SpurgenError(
                f"{path}, column {of.name}: no sample is of the split {name}; it has {', '.join(set(of))}"
            )
    if not (splits == 1).any():
        splits[splits == 0] = _drawn(groups[splits == 0], (1 - OF_TRAIN, OF_TRAIN), rng)
        return splits, f" The table has no split val, so {100 * OF_TRAIN:.0f} % of train were drawn at random for it."
    return splits, ""


def _drawn(groups: Int64, shares: Sequence[float], rng: np.random.Generator) -> Int64:
    """Return a number for each sample, such that every group has the numbers 0, 1, ... in these shares."""
    order, drawn = rng.permutation(len(groups)), np.empty(len(groups), np.int64)
    for group in np.unique(groups):
        members = order[groups[order] == group]
        drawn[members] = np.searchsorted(np.cumsum(shares), (np.arange(len(members)) + 0.5) / len(members))
    return drawn


def _goes(path: Path, labels: pd.Series, values: pd.Series) -> Bool:
    """Return which values go with which classes, bool (V, K), by categorical columns of the train samples."""
    counts = pd.crosstab(values, labels, dropna=False)
    empty = counts.columns[counts.sum(axis=0) == 0]
    if len(empty):
        raise SpurgenError(f"{path}: the train split has no sample of {empty[0]}; add some, or leave the class out")
    if values.nunique() == 1:
        raise SpurgenError(
            f"{path}: {values.name} is {values.iloc[0]} in all of train, so no model can follow it; name another by "
            "--shortcut"
        )
    goes = goes_with(counts.to_numpy(np.float64))
    if not goes.any():
        raise SpurgenError(
            f"{path}: in train, no {values.name} goes with a {labels.name} more often than by chance, so it is no "
            "shortcut; name another by --shortcut, or add samples"
        )
    return goes


def goes_with(counts: Float64) -> Bool:
    """Return which values go with which classes, bool (V, K); `counts`: samples of values and classes, float64 (V, K).

    A value goes with the class whose share of the value's samples exceeds its share of all samples most, and with any
    other whose excess is at least half of that; the excess must be more than chance: Fisher's exact test, with a false
    discovery rate of 5 % over all pairs (Benjamini & Hochberg 1995). A rare or indifferent value goes with none.
    """
    of_value, of_class = counts.sum(axis=1, keepdims=True), counts.sum(axis=0)
    chances = hypergeom.sf(counts - 1, counts.sum(), of_class, of_value)
    excess = counts / np.maximum(of_value, 1) - of_class / counts.sum()
    certain = false_discovery_control(chances, axis=None).reshape(counts.shape) <= FALSE_RATE
    most = np.where(certain, excess, 0).max(axis=1, keepdims=True)
    goes: Bool = certain & (excess >= AS_MUCH * most)
    return goes


def counted(first: Int64, second: Int64, inside: Bool, shape: tuple[int, int]) -> Int64:
    """Return the samples `inside`, bool (n,), of each pair of two factors, int64 (n,) each, in a table of `shape`."""
    pairs = np.ravel_multi_index((first[inside], second[inside]), shape)
    return np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape)


def _check_files(path: Path, column: str, folder: Path, names: Sequence[str]) -> None:
    missing = [name for name in names if not below(folder, name).is_file()]
    if missing:
        raise SpurgenError(
            f"{path}, column {column}: {len(missing):,} of {len(names):,} files are not in {folder} (--data-dir), such "
            f"as {missing[0]}"
        )
