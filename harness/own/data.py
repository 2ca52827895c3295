"""A user's own images or texts with labels and a shortcut, in splits, checked before any work."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.alignment import aligned_values
from spurgen.harness.evaluation.columns import Columns, recognise
from spurgen.harness.evaluation.labelled import labelled_in, splits_of
from spurgen.harness.evaluation.tables import places, read_header, read_table, values_of
from spurgen.harness.machine.images import below
from spurgen.harness.machine.printing import and_list
from spurgen.harness.metrics.arrays import Bool, Int64
from spurgen.harness.statistics.bootstrap import named_generator

SPLITS = ("train", "val", "test")
OTHER_NAMES = {"valid": "val", "validation": "val", "dev": "val", "id_val": "val"}
SHARES = (0.6, 0.15, 0.25)  # of train, val and test, if the data have no splits
OF_TRAIN = 0.2  # goes to val, if there is a test split but none for validation
MOST_NAMES = 50  # classes, or values of the shortcut
FRACTION = re.compile(r"-?\d*\.\d+(e-?\d+)?", re.IGNORECASE)
FEW = 10  # test samples of a group
HARDLY = 0.9  # share of the counterexamples expected by chance from which there is hardly a shortcut


@dataclass(frozen=True)
class OwnData:
    """Samples of n images or texts of K classes, and the shortcut's value in each.

    `inputs`: file names below `folder`, or texts if that is None. `labels`, `values`: places in `classes` and in
    `value_names`, int64 (n,). `splits`: places in `SPLITS`, int64 (n,). `aligned`: the value that goes with each class,
    int64 (K,): in train the most over-represented one. `have`: counterexamples in train of the whole table, whose
    `rows` may be more than the samples here.
    """

    label: str
    shortcut: str
    folder: Path | None
    inputs: list[str]
    classes: tuple[str, ...]
    value_names: tuple[str, ...]
    labels: Int64
    values: Int64
    splits: Int64
    aligned: Int64
    have: int
    rows: int

    @property
    def conflicts(self) -> Bool:
        """Which samples are counterexamples: their value is not the one that goes with their class, bool (n,)."""
        found: Bool = self.values != self.aligned[self.labels]
        return found

    def inside(self, split: str) -> Bool:
        """Return which samples are of a split, bool (n,)."""
        found: Bool = self.splits == SPLITS.index(split)
        return found

    def about(self) -> str:
        """Return the numbers of samples and counterexamples, and which value goes with which class, in a sentence."""
        pairs = [f"{self.value_names[k]} with {name}" for name, k in zip(self.classes, self.aligned, strict=True)]
        sizes = [f"{int(self.inside(split).sum()):,} {split}" for split in SPLITS]
        used = f" of {self.rows:,}" if len(self.inputs) < self.rows else ""
        return (
            f"{and_list(sizes)} samples{used}. In train, {self.shortcut} goes with {self.label}: {and_list(pairs)}. "
            f"A counterexample has another {self.shortcut}; train has {self.have:,}."
        )

    def limits(self) -> Iterator[str]:
        """Yield a sentence for each limit of what these data can show."""
        of_train, of_test = self.inside("train"), self.inside("test")
        found = int((of_train & self.conflicts).sum())
        for k, name in enumerate(self.classes):
            for state, chosen in (("agrees with", ~self.conflicts), ("conflicts with", self.conflicts)):
                size = int((of_test & chosen & (self.labels == k)).sum())
                about = f"{self.shortcut} {state} {name} in {size} test samples"
                if size == 0:
                    yield f"{about}: no curve and no worst group can be measured."
                elif size < FEW:
                    yield f"{about}: with fewer than {FEW}, its worst group and its curve are little more than chance."
        if found < len(self.classes):
            yield (
                f"{self.shortcut} nearly is the label: train has {found} counterexamples, fewer than the "
                f"{len(self.classes)} classes, so nothing can be said of how many are needed."
            )
        shares = np.bincount(self.values[of_train], minlength=len(self.value_names)) / of_train.sum()
        chance = float((1 - shares[self.aligned[self.labels[of_train]]]).mean())
        if found >= HARDLY * chance * of_train.sum():
            yield (
                f"{found / of_train.sum():.0%} of the train samples are counterexamples, and by chance {chance:.0%} "
                f"would be: {self.shortcut} hardly is a shortcut here. The ladder makes it one by leaving most out."
            )


def read_own(metadata: Path, folder: Path, asked: Columns, text_columns: Sequence[str], most: int) -> OwnData:
    """Read a table of labelled samples, whose images lie in `folder`, or whose texts in `text_columns`.

    At most `most` samples are kept, drawn at random. Raises `SpurgenError` if training is impossible: missing files or
    texts, one class, one value, or labels that are fractions.
    """
    header = read_header(metadata)
    columns = recognise(asked, header, None, "--shortcut")
    header.check(*text_columns)
    if len(columns.attributes) != 1:
        raise SpurgenError(f"{metadata}: name one of {', '.join(columns.attributes)} by --shortcut")
    if not text_columns and (columns.key is None or columns.key not in header.columns):
        raise SpurgenError(f"{metadata} has no column of file names: name it by --key, or a column of texts by --text")
    shown = text_columns or [str(columns.key)]
    table = read_table(metadata, lambda name: name in shown or columns.may_matter(name))
    known = columns.split is not None and columns.split in table
    of = splits_of(table, str(columns.split)).replace(OTHER_NAMES) if known else None
    labelled = labelled_in(table, columns, asked, None if of is None else str(of.iloc[0]))
    label, shortcut = str(columns.label), columns.attributes[0]
    factors = [_checked(metadata, labelled.factors[name]) for name in (label, shortcut)]
    (classes, value_names), (labels, values) = map(values_of, factors), map(places, factors)
    splits = _splits(metadata, of, labels * len(value_names) + values)
    aligned = _aligned(metadata, *(each[splits == 0] for each in factors))
    kept = np.flatnonzero(splits >= 0)
    if len(kept) > most:
        kept = np.sort(named_generator("own", "kept", 0).permutation(kept)[:most])
    parts = [table.rows(kept).texts(name) for name in shown]
    inputs = [" ".join(words) for words in zip(*parts, strict=True)]
    if not text_columns:
        _check_files(metadata, shown[0], folder, inputs)
    return OwnData(
        label=label, shortcut=shortcut, folder=None if text_columns else folder, inputs=inputs, classes=classes,
        value_names=value_names, labels=labels[kept], values=values[kept], splits=splits[kept], aligned=aligned,
        have=int(((values != aligned[labels]) & (splits == 0)).sum()), rows=len(table),
    )  # fmt: skip


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


def _splits(path: Path, of: pd.Series | None, groups: Int64) -> Int64:
    """Return the split of each sample, a place in `SPLITS`, or -1 for one of another name, int64 (n,).

    Where the table has no splits, or none for validation, they are drawn within each group.
    """
    rng = named_generator("own", "splits", 0)
    if of is None or of.nunique() == 1:
        return _drawn(groups, SHARES, rng)
    splits: Int64 = pd.Index(SPLITS).get_indexer(pd.Index(of)).astype(np.int64)
    for number, name in ((0, "train"), (2, "test")):
        if not (splits == number).any():
            raise SpurgenError(
                f"{path}, column {of.name}: no sample is of the split {name}; it has {', '.join(set(of))}"
            )
    if not (splits == 1).any():
        splits[splits == 0] = _drawn(groups[splits == 0], (1 - OF_TRAIN, OF_TRAIN), rng)
    return splits


def _drawn(groups: Int64, shares: Sequence[float], rng: np.random.Generator) -> Int64:
    """Return a number for each sample, such that every group has the numbers 0, 1, ... in these shares."""
    order, drawn = rng.permutation(len(groups)), np.empty(len(groups), np.int64)
    for group in np.unique(groups):
        members = order[groups[order] == group]
        drawn[members] = np.searchsorted(np.cumsum(shares), (np.arange(len(members)) + 0.5) / len(members))
    return drawn


def _aligned(path: Path, labels: pd.Series, values: pd.Series) -> Int64:
    """Return the value that goes with each class, int64 (K,), by categorical columns of the train samples."""
    counts = pd.crosstab(labels, values, dropna=False)
    empty = counts.index[counts.sum(axis=1) == 0]
    if len(empty):
        raise SpurgenError(f"{path}: the train split has no sample of {empty[0]}; add some, or leave the class out")
    if values.nunique() == 1:
        raise SpurgenError(
            f"{path}: {values.name} is {values.iloc[0]} in all of train, so no model can follow it; name another by "
            "--shortcut"
        )
    return aligned_values(counts.to_numpy(np.float64))


def _check_files(path: Path, column: str, folder: Path, names: Sequence[str]) -> None:
    missing = [name for name in names if not below(folder, name).is_file()]
    if missing:
        raise SpurgenError(
            f"{path}, column {column}: {len(missing):,} of {len(names):,} files are not in {folder} (--data-dir), such "
            f"as {missing[0]}"
        )
