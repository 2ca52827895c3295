"""CSV files as tables, read no further than their size allows.

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
RECORD = 1 << 22  # characters; 21,841 logits take a tenth. `csv` itself allows an entry 131,072
ENTRIES = 1 << 22
Records = Iterator[tuple[int, list[str]]]
"""The line where each record begins, and its entries."""


def may_have_entries(size: int) -> int:
    """Return how many entries a file of `size` bytes may have: one per byte, as CSV has at most, and always 4 million.

    Compression gets around that: a kilobyte may have a million.
    """
    return max(ENTRIES, size)


def check_count(path: Path, rows: int, columns: int, at_most: int | None) -> None:
    """Raise `SpurgenError` for more rows than there may be, or more entries than the file's size allows."""
    if at_most is not None and rows > at_most:
        raise SpurgenError(f"{path} has more than {at_most:,} rows; {CORRECT}")
    limit = may_have_entries(path.stat().st_size)
    if rows * columns > limit:
        what = f"it has more than {limit:,} entries, in {path.stat().st_size:,} bytes"
        raise SpurgenError(f"cannot read {path}: {what}; {PLAIN}")


def csv_header(path: Path) -> list[str]:
    """Return the names of a file's columns; raise `SpurgenError` if two are the same or no comma separates them."""
    with _opened(path) as (header, _):
        return header


def read_csv(path: Path, wanted: Callable[[str], bool], at_most: int | None) -> pd.DataFrame:
    """Read the `wanted` columns as text, indexed by line; `at_most`: rows that there may be."""
    lines, rows = [], []
    with _opened(path) as (header, records):
        places = [k for k, name in enumerate(header) if wanted(name)]
        limit = may_have_entries(path.stat().st_size) // max(len(places), 1)
        limit = limit if at_most is None else min(limit, at_most)
        for line, entries in records:
            if len(entries) != len(header):
                raise SpurgenError(
                    f"{path}, line {line}: the number of entries is {len(entries)}, that of the header {len(header)}; "
                    f"{CORRECT}"
                )
            lines.append(line)
            rows.append([entries[k] for k in places])
            if len(rows) > limit:
                check_count(path, len(rows), max(len(places), 1), at_most)
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
    left = RECORD  # characters that the rest of a record may have

    def lines() -> Iterator[str]:
        nonlocal left
        while line := text.readline(left + 1):
            left -= len(line)
            if left < 0:
                raise ValueError(f"a line has more than {RECORD:,} characters")
            yield line

    reader, before = csv.reader(lines(), strict=True), 0
    for entries in reader:
        left = RECORD
        if entries:
            yield before + 1, entries
        before = reader.line_num
