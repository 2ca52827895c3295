"""A table's samples of all splits: their classes, the values of their attributes, and their splits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import suggestion
from spurgen.harness.evaluation.alignment import in_train, named
from spurgen.harness.evaluation.columns import CODED_SPLITS, Columns
from spurgen.harness.evaluation.predictions import Attribute, flag
from spurgen.harness.evaluation.tables import are_codes, are_shares, categories, in_order, places, texts
from spurgen.harness.metrics.arrays import Bool, Int64

TRAIN, TEST = "train", "test"
Aligned = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Labelled:
    """A table of samples of all splits, whose names, None where there is one split, are in `splits`.

    `factors`: label and attributes as names, in this order of columns. `split`: the one to evaluate.
    """

    path: Path
    columns: Columns
    factors: pd.DataFrame
    splits: pd.Series | None
    split: str | None

    @property
    def inside(self) -> Bool:
        """Which rows are evaluated, bool (n,)."""
        return self.are(self.split) if self.split is not None else np.ones(len(self.factors), bool)

    def are(self, split: str) -> Bool:
        """Return which rows are of a split, bool (n,)."""
        return np.zeros(len(self.factors), bool) if self.splits is None else (self.splits == split).to_numpy(bool)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of all splits: one without a sample in the evaluated split is known as well."""
        return self.values(str(self.columns.label))

    def values(self, column: str) -> tuple[str, ...]:
        """Return the different names in a column, in order."""
        return in_order(self.factors[column], self.columns, column)

    def train(self) -> Int64 | None:
        """Return class and values of the train samples, int64 (m, 1 + A), or None where there are none."""
        train = self.factors[self.are(TRAIN)]
        columns = [places(train[name], self.values(name)) for name in map(str, train)]
        return np.stack(columns, axis=1) if len(train) else None

    def attributes(self, factors: pd.DataFrame, aligned: Aligned) -> tuple[Attribute, ...]:
        """Return the attributes of samples, with the value that goes with each class where that is known."""
        for name in aligned:
            if name not in self.columns.attributes:
                raise SpurgenError(
                    f"--aligned {name}: there is no attribute {name!r}; {suggestion(name, self.columns.attributes)}"
                )
            if self.columns.is_flag(name):
                raise SpurgenError(f"--aligned {name} has no effect: its column says what goes with the class")
        return tuple(self._attribute(name, factors[name], aligned.get(name)) for name in self.columns.attributes)

    def _attribute(self, name: str, entries: pd.Series, aligned: Mapping[str, str] | None) -> Attribute:
        values, classes = self.values(name), self.classes
        ids = places(entries, values)
        if self.columns.is_flag(name):
            return flag(name, ids, len(classes))
        if aligned is not None:
            return Attribute(name, values, ids, named(name, values, classes, aligned))
        train = self.factors[self.are(TRAIN)]
        labels = places(train.iloc[:, 0], classes)
        return Attribute(name, values, ids, *in_train(name, labels, places(train[name], values), classes))


def _with_shares_only(path: Path, table: pd.DataFrame, columns: Columns, asked: Columns) -> Columns:
    """Return the columns without a layout's thresholds for those that were asked for and have no shares."""
    named = [name for name in columns.thresholds if name in (asked.label, *asked.attributes)]
    other = [name for name in named if not are_shares(path, table, name)]
    return replace(columns, thresholds={k: names for k, names in columns.thresholds.items() if k not in other})


def labelled_in(path: Path, table: pd.DataFrame, columns: Columns, asked: Columns, split: str | None) -> Labelled:
    """Read the samples of a table; raise `SpurgenError` if it has no such split.

    `columns`: what `recognise` made of those that were `asked` for.
    """
    columns = _with_shares_only(path, table, columns, asked)
    if not are_codes(path, table, columns):
        columns = replace(columns, codes={})
    assert columns.label is not None  # recognise() raises where there is none
    names = (columns.label, *columns.attributes)
    factors = pd.DataFrame({name: categories(path, table, name, columns) for name in names})
    if columns.split is None or columns.split not in table.columns:
        if split:
            raise SpurgenError(f"{path} has no column of splits, from which --split {split} could be taken")
        return Labelled(path, columns, factors, None, None)
    splits = splits_of(path, table, columns.split)
    present = set(splits)
    wanted = CODED_SPLITS.get(split, split) if split else TEST if len(present) > 1 else next(iter(present))
    if wanted not in present:
        known = suggestion(wanted, sorted(present))
        raise SpurgenError(f"{path}, column {columns.split}: there is no split {wanted!r} (--split); {known}")
    return Labelled(path, columns, factors, splits, wanted)


def splits_of(path: Path, table: pd.DataFrame, column: str) -> pd.Series:
    """Return the names of the splits in a column."""
    return texts(path, table, column).map(lambda entry: CODED_SPLITS.get(entry, entry))
