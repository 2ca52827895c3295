"""Several runs in one table: which rows are whose, in one order of samples."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.columns import Columns
from spurgen.harness.evaluation.tables import check, in_order, texts
from spurgen.harness.metrics.arrays import Int64

COPY = "remove the copy, or name the column that tells runs apart by --run"
ALL = "every run needs a prediction for every sample"


def rows_of_runs(path: Path, table: pd.DataFrame, factors: pd.DataFrame, columns: Columns) -> dict[str, Int64]:
    """Return each run's rows, int64 (n,), samples in the order of the first run.

    Without a key, the runs' samples are in one order. Raises `SpurgenError` if a run lacks a sample or has one twice,
    or if runs differ in a sample's label or attribute.
    """
    names = texts(path, table, columns.run) if columns.run else pd.Series("1", table.index)
    rows = {name: np.flatnonzero(names == name) for name in in_order(names)}
    if columns.key is not None:
        rows = _by_key(path, texts(path, table, columns.key), rows, bool(columns.run))
    first, *others = rows.items()
    for name, own in others:
        if len(own) != len(first[1]):
            raise SpurgenError(
                f"{path} has {len(own)} samples of run {name} and {len(first[1])} of run {first[0]}; {ALL}"
            )
        for column in map(str, factors):
            same = factors[column].iloc[own].to_numpy() == factors[column].iloc[first[1]].to_numpy()
            about = factors.iloc[own]
            check(path, about, column, same, f"in run {name} is not what run {first[0]} says of the same sample")
    return rows


def _by_key(path: Path, keys: pd.Series, rows: dict[str, Int64], named: bool) -> dict[str, Int64]:
    """Sort the rows of every run by the first run's keys."""
    first = keys.iloc[next(iter(rows.values()))]
    ordered = {}
    for name, own in rows.items():
        said, theirs = f"run {name} of {path}" if named else f"{path}", keys.iloc[own]
        if theirs.duplicated().any():
            raise SpurgenError(f"{said} has sample {theirs[theirs.duplicated()].iloc[0]} more than once; {COPY}")
        place = dict(zip(theirs, own.tolist(), strict=True))
        _check_same(said, place, first)
        ordered[name] = np.array([place[key] for key in first], dtype=np.int64)
    return ordered


def _check_same(said: str, own: Iterable[str], first: pd.Series) -> None:
    different = set(own) ^ set(first)
    if different:
        raise SpurgenError(f"{said} and the first run differ in sample {min(different)}; {ALL}")
