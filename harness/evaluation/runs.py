"""Several runs in one table: which rows are whose, in one order of samples."""

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.columns import Columns
from spurgen.harness.evaluation.tables import Table, all_places, in_order
from spurgen.harness.metrics.arrays import Int64

ALL = "every run needs a prediction for every sample"


def rows_of_runs(table: Table, factors: pd.DataFrame, columns: Columns) -> dict[str, Int64]:
    """Return each run's rows, int64 (n,), samples in the order of the first run.

    Without a key, the runs' samples are in one order. Raises `SpurgenError` if a run lacks a sample or has one twice,
    or if runs differ in a sample's label or attribute.
    """
    names = table.texts(columns.run) if columns.run else pd.Series("1", table.frame.index)
    rows: dict[str, Int64] = {name: np.flatnonzero(names == name) for name in in_order(names)}
    if columns.key is not None:
        keys = table.texts(columns.key).to_numpy()
        of_first = pd.Index(keys[next(iter(rows.values()))])
        for name, own in rows.items():
            said = f"run {name} of {table.path}" if columns.run else f"{table.path}"
            rows[name] = _in_order_of(of_first, keys, own, said)
    first, *others = rows.items()
    ids = all_places(factors)
    for name, own in others:
        if len(own) != len(first[1]):
            raise SpurgenError(
                f"{table.path} has {len(own)} samples of run {name} and {len(first[1])} of run {first[0]}; {ALL}"
            )
        about, same = table.rows(own), ids[own] == ids[first[1]]
        for k, column in enumerate(map(str, factors)):
            about.check(column, same[:, k], f"in run {name} is not what run {first[0]} says of the same sample")
    return rows


def _in_order_of(first: pd.Index, keys: np.ndarray, own: Int64, said: str) -> Int64:
    """Return a run's rows in the order of the first run's keys; `keys`: of all rows."""
    theirs = pd.Index(keys[own])
    if theirs.has_duplicates:
        raise SpurgenError(
            f"{said} has sample {theirs[theirs.duplicated()][0]} more than once; remove the copy, or name the column "
            "that tells runs apart by --run"
        )
    different = theirs.symmetric_difference(first)
    if len(different):
        raise SpurgenError(f"{said} and the first run differ in sample {different.min()}; {ALL}")
    rows: Int64 = own[theirs.get_indexer(first)]
    return rows
