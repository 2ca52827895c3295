"""Columns of CSV files, read with errors that name the file, the line and the column."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from spurgen.benchmark.contract import Int64
from spurgen.benchmark.errors import SpurgenError, shortened

DOWNLOAD = "download the data set again, or correct the file"


def read_columns(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Return columns of a CSV file as text; raise `SpurgenError` if it cannot be read or lacks one."""
    try:
        header = pd.read_csv(path, nrows=0).columns
        missing = [name for name in columns if name not in header]
        if missing:
            raise SpurgenError(f"{path} has no column {', '.join(missing)}, only {', '.join(header[:12])}; {DOWNLOAD}")
        table = pd.read_csv(path, usecols=list(columns), dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise SpurgenError(f"{path} is missing; {DOWNLOAD}") from None
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        reason = str(error).strip().partition("\n")[0]
        raise SpurgenError(f"cannot read {path}: {reason}; {DOWNLOAD}") from None
    if table.empty:
        raise SpurgenError(f"{path} has no lines; {DOWNLOAD}")
    return table


def coded(path: Path, table: pd.DataFrame, column: str, codes: Mapping[str, int]) -> Int64:
    """Return a column's entries as whole numbers, int64 (n,); raise `SpurgenError` for one that is not in `codes`."""
    values = table[column].str.strip().map(codes)
    unknown = np.flatnonzero(values.isna())
    if len(unknown):
        line, entry = int(unknown[0]), table[column].iloc[unknown[0]]
        raise SpurgenError(
            f"{path}, line {line + 2}, column {column}: {shortened(entry)} is none of {', '.join(codes)}; {DOWNLOAD}"
        )
    numbers: Int64 = np.asarray(values, dtype=np.int64)
    return numbers


def above_half(path: Path, table: pd.DataFrame, column: str) -> Int64:
    """Return whether a column's numbers are at least .5, int64 (n,); raise `SpurgenError` for what is no number."""
    numbers = pd.to_numeric(table[column], errors="coerce")
    unknown = np.flatnonzero(numbers.isna())
    if len(unknown):
        line, entry = int(unknown[0]), table[column].iloc[unknown[0]]
        raise SpurgenError(f"{path}, line {line + 2}, column {column}: {shortened(entry)} is no number; {DOWNLOAD}")
    flags: Int64 = (numbers.to_numpy() >= 0.5).astype(np.int64)
    return flags
