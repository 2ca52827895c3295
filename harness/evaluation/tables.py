"""CSV and Parquet files as tables, and their entries as names and numbers; errors name the file, line and column."""

import csv
import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Table:
    """Rows of a table in one file or several.

    `frame`: CSV entries are text; its index is each row's file, and the line where it begins, or its number in Parquet.
    """

    path: Path
    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def __contains__(self, column: str) -> bool:
        return column in self.frame.columns

    def rows(self, chosen: Any) -> "Table":  # noqa: ANN401 (array)
        """Return some of the rows: bool (n,), or their places, int64 (m,)."""
        return replace(self, frame=self.frame.iloc[chosen])

    def check(self, column: str, good: Any, problem: str) -> None:  # noqa: ANN401 (array or series)
        """Raise `SpurgenError` for the first entry of a column that is not good, bool (n,)."""
        bad = np.flatnonzero(~np.asarray(good, dtype=bool))
        if not len(bad):
            return
        file, line = self.frame.index[bad[0]]
        place = f"{'row' if file.suffix in PARQUET else 'line'} {line}" + f" of {file.name}" * (file != self.path)
        entry = shortened(str(self.frame[column].iloc[bad[0]]))
        others = "entry" if len(bad) == 2 else "entries"
        more = f", and {len(bad) - 1} more {others} like it" if len(bad) > 1 else ""
        raise SpurgenError(f"{self.path}, {place}, column {column}: {entry} {problem}{more}; {CORRECT}")

    def texts(self, column: str) -> pd.Series:
        """Return a column as text without surrounding space; raise `SpurgenError` for an entry that is not a name.

        Floats that are all whole numbers are names without a decimal point, in text too (as pandas writes a column that
        had missing values), if they fit an int64.
        """
        entries = self.frame[column]
        if pd.api.types.is_string_dtype(entries) and entries.str.fullmatch(r"-?\d{1,18}\.0+").all():
            entries = entries.str.partition(".")[0]
        if pd.api.types.is_float_dtype(entries) and (entries.dropna() % 1 == 0).all():
            self.check(column, entries.isna() | (entries.abs() < 2**63), "is too large for a name")
            entries = entries.astype("Int64")
        stripped = entries.astype(str).str.strip()
        self.check(column, ~entries.isna() & (stripped != ""), "is empty")
        self.check(column, ~stripped.str.lower().isin(NO_NAMES), "stands for a missing value, and is no name")
        return stripped

    def are_shares(self, column: str) -> bool:
        """Return whether every entry of a column is a number from 0 to 1."""
        return bool(pd.to_numeric(self.texts(column), errors="coerce").between(0, 1).all())

    def are_codes(self, columns: Columns) -> bool:
        """Return whether columns with codes have only codes as entries: other data may have columns of these names."""
        return all(set(self.texts(name)) <= codes.keys() for name, codes in columns.codes.items())

    def categories(self, column: str, columns: Columns, known: str | None = None) -> pd.Series:
        """Return a column's entries as names, categorical: by the layout's codes or thresholds, else as they are.

        Their order is the layout's, all of whose names are known, else by number or alphabet. `known`: the column of
        the layout that this one repeats, if its name is another.
        """
        entries, known = self.texts(column), known or column
        if columns.is_flag(known):
            flags = entries.str.lower()
            self.check(column, flags.isin(FLAGS), NO_FLAG)
            return categorical(flags.map(FLAGS), (ALIGNED, CONFLICTS))
        if known in columns.thresholds:
            numbers = pd.to_numeric(entries, errors="coerce")
            self.check(column, numbers.between(0, 1), "is no share from 0 to 1")
            low, high = columns.thresholds[known]
            return categorical((numbers >= 0.5).map({False: low, True: high}), (low, high))
        if known in columns.codes:
            codes = columns.codes[known]
            return categorical(entries.map(lambda entry: codes.get(entry, entry)), codes.values())
        return categorical(entries)

    def logits(self, prefix: str, classes: tuple[str, ...]) -> Float64:
        """Return the columns of logits in the order of the classes, float64 (n, K).

        Their names end in the classes' names, or in 0 to K - 1. Raises `SpurgenError` for other columns, or an entry
        that is no finite number of at most 1e100 in magnitude.
        """
        present = [name for name in self.frame.columns if name.startswith(prefix)]
        endings = {name.removeprefix(prefix) for name in present}
        by_place = [str(k) for k in range(len(classes))]
        wanted = next((list(names) for names in (classes, by_place) if set(names) == endings), None)
        if wanted is None:
            raise SpurgenError(
                f"{self.path} has the columns {', '.join(present) or 'of no logits'}; expected {prefix}CLASS for the "
                f"classes {', '.join(classes)}, or {prefix}0 to {prefix}{len(classes) - 1}"
            )
        scores = np.empty((len(self), len(classes)))
        for k, name in enumerate(prefix + ending for ending in wanted):
            scores[:, k] = pd.to_numeric(self.frame[name], errors="coerce").to_numpy(dtype=np.float64)
            good = np.abs(scores[:, k]) <= LARGEST_SCORE
            self.check(name, good, f"is no finite number of at most {LARGEST_SCORE:g}")
        if are_probabilities(scores):
            raise SpurgenError(
                f"{self.path}: the columns {prefix}... are probabilities, not logits: each line adds up to 1; write "
                "their logarithms"
            )
        return scores


def read_header(path: Path) -> Named:
    """Return a table's columns; raise `SpurgenError` as `read_table` does, or if its files differ."""
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


def read_table(path: Path, wanted: Callable[[str], bool] = lambda _: True) -> Table:
    """Return a table; a path with a `*` is one in several files.

    Only the columns whose names are `wanted` are kept: the texts of a large data set need not fit the memory. Raises
    `SpurgenError` for a file that cannot be read or is empty, columns of the same name, and a line of CSV with more or
    fewer entries than the header; and for a small file that holds far more than its size, which is not read to its end.
    """
    files = matching(path)
    return Table(path, pd.concat([_read(file, wanted) for file in files], keys=files))


def _read(path: Path, wanted: Callable[[str], bool]) -> pd.DataFrame:
    with _named_errors(path):
        frame = (read_parquet if path.suffix in PARQUET else read_csv)(path, wanted)
    if not len(frame):
        raise SpurgenError(f"{path} has no lines")
    return frame


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Turn errors of reading a file into a `SpurgenError` with its name."""
    try:
        yield
    except (FileNotFoundError, MissingError):
        raise SpurgenError(f"{path} does not exist") from None
    except SpurgenError:  # some are ValueErrors as well
        raise
    except UnicodeDecodeError as error:
        misnamed = path.suffix not in PARQUET and is_parquet(path)
        cure = "this is Parquet: name it .parquet" if misnamed else f"{error}; save it as UTF-8"
        raise SpurgenError(f"cannot read {path}: {cure}") from None
    except (OSError, EOFError, ValueError, NotImplementedError, MemoryError, csv.Error, zlib.error) as error:
        raise SpurgenError(f"cannot read {path}: {str(error).strip().partition(chr(10))[0]}") from None


def categorical(names: pd.Series, known: Iterable[str] | None = None) -> pd.Series:
    """Return names as a categorical column; `known`: all there are, in order, else those present are put in order."""
    return names.astype(pd.CategoricalDtype(list(dict.fromkeys(in_order(names) if known is None else known))))


def in_order(names: pd.Series) -> tuple[str, ...]:
    """Return the different names in order: by number where all are numbers, else by the alphabet."""
    different = set(names)
    try:
        numbers = {name: float(name) for name in different}
    except ValueError:
        return tuple(sorted(different))
    has_order = not any(map(math.isnan, numbers.values()))
    return tuple(sorted(different, key=numbers.__getitem__ if has_order else None))


def values_of(column: pd.Series) -> tuple[str, ...]:
    """Return the names that a categorical column knows, in order."""
    return tuple(column.cat.categories)


def places(column: pd.Series) -> Int64:
    """Return the place of each entry of a categorical column among its names, int64 (n,)."""
    return np.asarray(column.cat.codes, dtype=np.int64)


def are_probabilities(scores: Float64) -> bool:
    """Return whether scores, float64 (n, K), are probabilities: rows of more than zeros and ones that add up to 1."""
    within = bool(((scores >= 0) & (scores <= 1)).all())
    return within and bool((np.abs(scores.sum(axis=1) - 1) < 1e-3).all()) and bool(((scores > 0) & (scores < 1)).any())
