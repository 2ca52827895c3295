"""CSV and Parquet files as tables, and their entries as numbers, with errors that name the file, line and column."""

import csv
import math
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import MissingError, SpurgenError, shortened
from spurgen.harness.evaluation.columns import ALIGNED, CONFLICTS, FLAGS, NO_FLAG, Columns, Named
from spurgen.harness.evaluation.csv_files import CORRECT, csv_header, read_csv
from spurgen.harness.evaluation.parquet_files import PARQUET, is_parquet, parquet_header, read_parquet
from spurgen.harness.machine.files import matching
from spurgen.harness.metrics.arrays import LARGEST_SCORE, Float64, Int64

NO_NAMES = frozenset({"nan", "na", "<na>", "null"})  # what pandas, NumPy, R and databases write for a missing value


def read_header(path: Path) -> Named:
    """Return a table's columns; raise `SpurgenError` as `read_file` does, or if its files differ."""
    first, *others = matching(path)
    names, codes = _header(first)
    for other in others:
        theirs, their_codes = _header(other)
        for what, differ in (("columns", {*theirs} != {*names}), ("ClassLabel types", their_codes != codes)):
            if differ:
                raise SpurgenError(f"{other} has other {what} than {first}; name files of one table")
    return Named(path, names, codes)


def _header(path: Path) -> tuple[list[str], dict[str, dict[str, str]]]:
    with _named_errors(path):
        names, codes = parquet_header(path) if path.suffix in PARQUET else (csv_header(path), {})
    if not names:
        raise SpurgenError(f"{path} has no lines")
    return names, codes


def read_file(path: Path, wanted: Callable[[str], bool] = lambda _: True, rows: int | None = None) -> pd.DataFrame:
    """Return a table, CSV entries as text; its index is the line where each row begins, or the row of Parquet.

    A path with a `*` is a table in several files; its index names the file as well. Only the columns whose names are
    `wanted` are kept: the texts of a large data set need not fit the memory. Raises `SpurgenError` for a file that
    cannot be read or is empty, columns of the same name, and a line of CSV with more or fewer entries than the header;
    for more than `rows` rows, where that is known; and for a small file that holds far more than its size, which is not
    read to its end.
    """
    files = matching(path)
    parts: list[pd.DataFrame] = []
    for file in files:
        parts.append(_read(file, wanted, None if rows is None else rows - sum(map(len, parts))))
    if len(parts) == 1:
        return parts[0]
    for k, file in enumerate(files):
        parts[k].index = pd.Index([f"{_line(file, place)} of {file.name}" for place in parts[k].index])
    return pd.concat(parts)


def _line(path: Path, place: int) -> str:
    return f"{'row' if path.suffix in PARQUET else 'line'} {place}"


def _read(path: Path, wanted: Callable[[str], bool], rows: int | None) -> pd.DataFrame:
    with _named_errors(path):
        table = (read_parquet if path.suffix in PARQUET else read_csv)(path, wanted, rows)
    if not len(table):
        raise SpurgenError(f"{path} has no lines")
    return table


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Raise what goes wrong with a file as `SpurgenError`, with its name."""
    try:
        yield
    except (FileNotFoundError, MissingError):
        raise SpurgenError(f"{path} does not exist") from None
    except SpurgenError:  # some are ValueErrors as well
        raise
    except UnicodeDecodeError as error:
        cure = "this is Parquet: name it .parquet" if is_parquet(path) else f"{error}; save it as UTF-8"
        raise SpurgenError(f"cannot read {path}: {cure}") from None
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:  # those of pandas and pyarrow: ValueErrors
        raise SpurgenError(f"cannot read {path}: {str(error).strip().partition(chr(10))[0]}") from None


def texts(path: Path, table: pd.DataFrame, column: str) -> pd.Series:
    """Return a column as text without surrounding space; raise `SpurgenError` for an entry that is empty or no name.

    Floats that are all whole numbers are names without a decimal point, in text too (as pandas writes a column that had
    missing values), if they fit an int64.
    """
    entries = table[column]
    if pd.api.types.is_string_dtype(entries) and entries.str.fullmatch(r"-?\d{1,18}\.0+").all():
        entries = entries.str.partition(".")[0]
    if pd.api.types.is_float_dtype(entries) and (entries.dropna() % 1 == 0).all():
        check(path, table, column, entries.isna() | (entries.abs() < 2**63), "is too large for a name")
        entries = entries.astype("Int64")
    empty = entries.isna()
    stripped = entries.astype(str).str.strip()
    check(path, table, column, ~empty & (stripped != ""), "is empty")
    check(path, table, column, ~stripped.str.lower().isin(NO_NAMES), "stands for a missing value, and is no name")
    return stripped


def check(path: Path, table: pd.DataFrame, column: str, good: Any, problem: str) -> None:  # noqa: ANN401 (array or series)
    """Raise `SpurgenError` for the first entry that is not good; `table` has the index of `read_file`."""
    bad = np.flatnonzero(~np.asarray(good, dtype=bool))
    if len(bad):
        place = table.index[bad[0]]
        line = place if isinstance(place, str) else _line(path, place)
        entry = shortened(str(table[column].iloc[bad[0]]))
        others = "entry" if len(bad) == 2 else "entries"
        more = f", and {len(bad) - 1} more {others} like it" if len(bad) > 1 else ""
        raise SpurgenError(f"{path}, {line}, column {column}: {entry} {problem}{more}; {CORRECT}")


def categories(path: Path, table: pd.DataFrame, column: str, columns: Columns, known: str | None = None) -> pd.Series:
    """Return a column's entries as names: by the layout's codes or thresholds, else as they are.

    `known`: the column of the layout that this one repeats, if its name is another.
    """
    entries, known = texts(path, table, column), known or column
    if columns.is_flag(known):
        flags = entries.str.lower()
        check(path, table, column, flags.isin(FLAGS), NO_FLAG)
        return flags.map(FLAGS)
    if known in columns.thresholds:
        numbers = pd.to_numeric(entries, errors="coerce")
        check(path, table, column, numbers.between(0, 1), "is no share from 0 to 1")
        low, high = columns.thresholds[known]
        return pd.Series(np.where(numbers >= 0.5, high, low), table.index)
    codes = columns.codes.get(known)
    return entries.map(lambda entry: codes.get(entry, entry)) if codes else entries


def are_shares(path: Path, table: pd.DataFrame, column: str) -> bool:
    """Return whether every entry of a column is a number from 0 to 1."""
    return bool(pd.to_numeric(texts(path, table, column), errors="coerce").between(0, 1).all())


def are_codes(path: Path, table: pd.DataFrame, columns: Columns) -> bool:
    """Return whether every entry of the columns with codes is a code: other data may have columns of these names."""
    return all(set(texts(path, table, name)) <= codes.keys() for name, codes in columns.codes.items())


def in_order(names: pd.Series, columns: Columns | None = None, column: str = "") -> tuple[str, ...]:
    """Return the different names in order: all of the layout if it knows the column, else by number or alphabet."""
    if columns is not None and columns.is_flag(column):
        return ALIGNED, CONFLICTS
    if columns is not None and column in columns.codes:
        return tuple(dict.fromkeys(columns.codes[column].values()))
    if columns is not None and column in columns.thresholds:
        return columns.thresholds[column]
    different = set(names)
    try:
        numbers = {name: float(name) for name in different}
    except ValueError:
        return tuple(sorted(different))
    has_order = not any(map(math.isnan, numbers.values()))
    return tuple(sorted(different, key=numbers.__getitem__ if has_order else None))


def places(names: pd.Series, known: tuple[str, ...]) -> Int64:
    """Return each name's place among the known ones, int64 (n,)."""
    index = {name: k for k, name in enumerate(known)}
    return np.array([index[name] for name in names], dtype=np.int64)


def logits(path: Path, table: pd.DataFrame, prefix: str, classes: tuple[str, ...]) -> Float64:
    """Return the columns of logits in the order of the classes, float64 (n, K).

    Their names end in the classes' names, or in 0 to K - 1. Raises `SpurgenError` for other columns, or an entry that
    is no finite number of at most 1e100 in magnitude.
    """
    present = [name for name in table.columns if name.startswith(prefix)]
    endings = [name.removeprefix(prefix) for name in present]
    by_place = [str(k) for k in range(len(classes))]
    wanted = next((list(names) for names in (classes, by_place) if set(names) == set(endings)), None)
    if wanted is None:
        raise SpurgenError(
            f"{path} has the columns {', '.join(present) or 'of no logits'}; expected {prefix}CLASS for the classes "
            f"{', '.join(classes)}, or {prefix}0 to {prefix}{len(classes) - 1}"
        )
    columns = []
    for name in (prefix + ending for ending in wanted):
        numbers = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)
        check(path, table, name, np.abs(numbers) <= LARGEST_SCORE, f"is no finite number of at most {LARGEST_SCORE:g}")
        columns.append(numbers)
    scores = np.stack(columns, axis=1)
    if are_probabilities(scores):
        raise SpurgenError(
            f"{path}: the columns {prefix}... are probabilities, not logits: each line adds up to 1; write their "
            "logarithms"
        )
    return scores


def are_probabilities(scores: Float64) -> bool:
    """Return whether scores, float64 (n, K), are probabilities: rows of more than zeros and ones that add up to 1."""
    within = bool(((scores >= 0) & (scores <= 1)).all())
    return within and bool((np.abs(scores.sum(axis=1) - 1) < 1e-3).all()) and bool(((scores > 0) & (scores < 1)).any())
