"""CSV files as tables.

Python's csv module reads them: pandas shifts the columns of long lines and fills short ones, and neither it nor pyarrow
says on which line of the file a row begins.
"""

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import SpurgenError, shortened
from spurgen.benchmark.reading import open_unpacked

CORRECT = "correct the file"
PLAIN = "write it as CSV without compression if you trust it"
FILE_BYTES = 1 << 36
LINE = 1 << 22  # characters; 21,841 logits take a tenth. `csv` itself allows an entry 131,072
ENTRIES = 1 << 22
Records = Iterator[tuple[int, list[str]]]
"""The line where each record begins, and its entries."""


def most_rows(path: Path, columns: int) -> int:
    """Return how many rows of these columns a file may have: an entry per byte, CSV's maximum, or 4 million if more.

    A compressed kilobyte may have a million rows.
    """
    return max(ENTRIES, path.stat().st_size) // max(columns, 1)


def too_many(path: Path) -> SpurgenError:
    """Return the error of a file with more rows than it may have."""
    size = path.stat().st_size
    return SpurgenError(
        f"cannot read {path}: it has more than {max(ENTRIES, size):,} entries, in {size:,} bytes; {PLAIN}"
    )


def csv_header(path: Path) -> list[str]:
    """Return the names of a file's columns; raise `SpurgenError` if two are the same or no comma separates them."""
    with _opened(path) as (header, _):
        return header


def read_csv(path: Path, wanted: Callable[[str], bool]) -> pd.DataFrame:
    """Read the `wanted` columns as text, indexed by line."""
    lines, rows = [], []
    with _opened(path) as (header, records):
        places = [k for k, name in enumerate(header) if wanted(name)]
        most = most_rows(path, len(places))
        for line, entries in records:
            if len(entries) != len(header):
                raise SpurgenError(
                    f"{path}, line {line}: the number of entries is {len(entries)}, that of the header {len(header)}; "
                    f"{CORRECT}"
                )
            lines.append(line)
            rows.append([entries[k] for k in places])
            if len(rows) > most:
                raise too_many(path)
    return pd.DataFrame(rows, index=pd.Index(lines, dtype=np.int64), columns=[header[k] for k in places], dtype=str)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[list[str], Records]]:
    """Yield the names of a file's columns and its records."""
    with open_unpacked(path, FILE_BYTES) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        records = _records(text)
        first, header = next(records, (1, []))
        other = next((mark for mark in ";\t|" if len(header) == 1 and mark in header[0]), None)
        if other:
            raise SpurgenError(f"{path}, line {first}: the columns are separated by {other!r}; separate them by commas")
        twice = [name for k, name in enumerate(header) if name in header[:k]]
        if twice:
            raise SpurgenError(f"{path}, line {first}: several columns are called {shortened(twice[0])}; {CORRECT}")
        yield header, records


def _records(text: TextIO) -> Records:
    """Yield records, but no blank lines."""
    reader, before = csv.reader(_lines(text), strict=True), 0
    for entries in reader:
        if entries:
            yield before + 1, entries
        before = reader.line_num


def _lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(LINE + 1):
        if len(line) > LINE:
            raise ValueError(f"a line has more than {LINE:,} characters")
        yield line
