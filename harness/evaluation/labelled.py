"""A table's samples of all splits: their classes, the values of their attributes, and their splits."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suggest import suggestion
from spurgen.harness.evaluation.columns import CODED_SPLITS, Columns
from spurgen.harness.evaluation.tables import Table, places
from spurgen.harness.metrics.arrays import Bool, Int64

TRAIN, TEST = "train", "test"


@dataclass(frozen=True)
class Labelled:
    """A table of samples of all splits, whose names, None where there is one split, are in `splits`.

    `factors`: label and attributes, categorical, in this order of columns: a class or value without a sample in the
    evaluated split is known as well. `split`: the one to evaluate.
    """

    table: Table
    columns: Columns
    factors: pd.DataFrame
    splits: pd.Series | None
    split: str | None

    @property
    def inside(self) -> Bool:
        """Which rows are evaluated, bool (n,)."""
        if self.splits is None:
            return np.ones(len(self.table), bool)
        return (self.splits == self.split).to_numpy(bool)

    @property
    def train(self) -> pd.DataFrame:
        """The factors of train samples; none where there are no splits."""
        return self.factors[:0] if self.splits is None else self.factors[self.splits == TRAIN]

    def train_ids(self) -> Int64 | None:
        """Return class and values of the train samples, int64 (m, 1 + A), or None where there are none."""
        train = self.train
        return np.stack([places(train[name]) for name in train], axis=1) if len(train) else None


def labelled_in(table: Table, columns: Columns, asked: Columns, split: str | None) -> Labelled:
    """Read the samples of a table; raise `SpurgenError` if it has no such split.

    `columns`: what `recognise` made of those that were `asked` for. A layout's thresholds are ignored for columns that
    were asked for and have no shares, and its codes if other entries occur.
    """
    named = [name for name in columns.thresholds if name in (asked.label, *asked.attributes)]
    other = [name for name in named if not table.are_shares(name)]
    columns = replace(columns, thresholds={k: names for k, names in columns.thresholds.items() if k not in other})
    if not table.are_codes(columns):
        columns = replace(columns, codes={})
    assert columns.label is not None  # recognise() raises where there is none
    names = (columns.label, *columns.attributes)
    factors = pd.DataFrame({name: table.categories(name, columns) for name in names})
    if columns.split is None or columns.split not in table:
        if split:
            raise SpurgenError(f"{table.path} has no column of splits, from which --split {split} could be taken")
        return Labelled(table, columns, factors, None, None)
    splits = splits_of(table, columns.split)
    present = set(splits)
    wanted = CODED_SPLITS.get(split, split) if split else TEST if len(present) > 1 else next(iter(present))
    if wanted not in present:
        known = suggestion(wanted, sorted(present))
        raise SpurgenError(f"{table.path}, column {columns.split}: there is no split {wanted!r} (--split); {known}")
    return Labelled(table, columns, factors, splits, wanted)


def splits_of(table: Table, column: str) -> pd.Series:
    """Return the names of the splits in a column."""
    return table.texts(column).map(lambda entry: CODED_SPLITS.get(entry, entry))
