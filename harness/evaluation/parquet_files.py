"""Parquet files as tables, read by a process of bounded memory: a kilobyte may hold a billion entries."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.reading import may_unpack_to, open_plain
from spurgen.harness.evaluation.csv_files import CORRECT, FILE_BYTES, PLAIN, check_count
from spurgen.harness.machine.packages import check_packages

PARQUET = (".parquet", ".pq")
BEYOND = ("MemoryError", "malloc", "File too large")
"""What errors say of memory, or a stream, beyond the limit."""


def is_parquet(path: Path) -> bool:
    """Return whether a file begins as Parquet does."""
    with open_plain(path, FILE_BYTES) as file:
        return file.read(4) == b"PAR1"


def parquet_header(path: Path) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the names of a file's columns, and those of the codes of Hugging Face's type `ClassLabel`, by column."""
    check_packages(["pyarrow"], f"reading {path}")
    from pyarrow.parquet import read_schema

    with open_plain(path, FILE_BYTES) as file:
        schema = read_schema(file)
    described = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    features = described.get("info", {}).get("features", {})
    codes = {
        column: {str(code): name for code, name in enumerate(feature["names"])}
        for column, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }
    for column, names in codes.items():
        unclear = [name for code, name in names.items() if name in names and name != code]
        if unclear:
            raise SpurgenError(
                f"{path}, column {column}: {unclear[0]} is one class's number and another's name; {CORRECT}"
            )
    return list(schema.names), codes


def read_parquet(path: Path, wanted: Callable[[str], bool], at_most: int | None) -> pd.DataFrame:
    """Read columns of a file; raise `SpurgenError` for more than `at_most` rows, or more than its size allows.

    Also raised for columns of lists and other nested values. An index with a name is a column.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    names = [name for name in parquet_header(path)[0] if wanted(name)]
    with open_plain(path, FILE_BYTES) as file:
        about = ParquetFile(file)
        check_count(path, about.metadata.num_rows, max(len(names), 1), at_most)
        kinds = {name: about.schema_arrow.field(name).type for name in names}
        nested = next((name for name, kind in kinds.items() if pa.types.is_nested(kind)), None)
        if nested:
            raise SpurgenError(f"{path}, column {nested}: its entries are {kinds[nested]}; expected numbers or text")
        table = _unpacked(path, file, names)
    check_count(path, len(table), max(len(names), 1), at_most)
    return table.set_axis(pd.RangeIndex(1, len(table) + 1))


def _unpacked(path: Path, file: BinaryIO, names: Sequence[str]) -> pd.DataFrame:
    """Return columns of a file, which `parquet_process` reads."""
    import pyarrow as pa

    size = path.stat().st_size
    limit = may_unpack_to(size)
    command = [sys.executable, "-P", "-m", "spurgen.harness.evaluation.parquet_process", str(limit), *names]
    with TemporaryFile() as stream:
        done = subprocess.run(command, stdin=file, stdout=stream, stderr=subprocess.PIPE, check=False)
        if done.returncode:
            problem = (done.stderr.decode(errors="replace").strip().splitlines() or [""])[-1]
            if done.returncode < 0 or any(word in problem for word in BEYOND):  # a signal: memory ran out in C++
                problem = f"it unpacks to more than {limit:,} bytes, from {size:,}"
            raise SpurgenError(f"cannot read {path}: {problem}; {PLAIN}")
        stream.seek(0)
        table: pd.DataFrame = pa.ipc.open_stream(stream).read_all().to_pandas()
    return table
