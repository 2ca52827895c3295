"""Parquet files as tables, read piece by piece: a kilobyte may hold a billion entries."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from spurgen.benchmark.errors import SpurgenError, shortened
from spurgen.benchmark.packages import check_packages
from spurgen.benchmark.reading import may_unpack_to, open_plain
from spurgen.harness.evaluation.csv_files import CORRECT, FILE_BYTES, PLAIN, most_rows, too_many

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET = (".parquet", ".pq")
ROWS = 256  # at a time: a long text that is stored once may occur in all of them


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
    try:
        described = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = described.get("info", {}).get("features", {})
        codes = {
            column: {str(code): name for code, name in enumerate(feature["names"])}
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):  # of JSON of any other form
        raise SpurgenError(f"{path}: its metadata `huggingface` do not describe its columns; write it again") from None
    if any(not isinstance(name, str) for names in codes.values() for name in names.values()):
        raise SpurgenError(f"{path}: its metadata `huggingface` have a class whose name is no text; write it again")
    for column, names in codes.items():
        unclear = [name for code, name in names.items() if name in names and name != code]
        if unclear:
            raise SpurgenError(
                f"{path}, column {column}: {unclear[0]} is one class's number and another's name; {CORRECT}"
            )
    columns = list(schema.names)
    if twice := next((name for k, name in enumerate(columns) if name in columns[:k]), None):
        raise SpurgenError(f"{path}: several columns are called {shortened(twice)}; {CORRECT}")
    return columns, codes


def read_parquet(path: Path, wanted: Callable[[str], bool]) -> pd.DataFrame:
    """Read columns of a file, indexed by row; raise `SpurgenError` if it holds far more than its size.

    Also raised for columns of lists and other nested values. An index with a name is a column.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    names = [name for name in parquet_header(path)[0] if wanted(name)]
    size = path.stat().st_size
    limit = left = may_unpack_to(size)
    with open_plain(path, FILE_BYTES) as file:
        content = ParquetFile(file)
        if content.metadata.num_rows > most_rows(path, len(names)):
            raise too_many(path)
        kinds = {name: content.schema_arrow.field(name).type for name in names}
        nested = next((name for name, kind in kinds.items() if pa.types.is_nested(kind)), None)
        if nested:
            raise SpurgenError(f"{path}, column {nested}: its entries are {kinds[nested]}; expected numbers or text")
        schema = pa.schema([(name, _plain(kind)) for name, kind in kinds.items()])
        pieces = [schema.empty_table()]
        for batch in content.iter_batches(ROWS, columns=names, use_threads=False):
            pieces.append(pa.table({name: batch[name] for name in names}).cast(schema))
            pieces[-1].validate(full=True)  # that text is UTF-8
            left -= pieces[-1].nbytes
            if left < 0:
                raise SpurgenError(
                    f"cannot read {path}: it unpacks to more than {limit:,} bytes, from {size:,}; {PLAIN}"
                )
    try:
        table: pd.DataFrame = pa.concat_tables(pieces).to_pandas()
    except LookupError as error:  # of pytz
        raise SpurgenError(f"cannot read {path}: there is no time zone {error}; write times as text") from None
    return table.set_axis(pd.RangeIndex(1, len(table) + 1))


def _plain(kind: "pa.DataType") -> "pa.DataType":
    """Return the type of plain entries, where an encoding only refers to a text that is stored once."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    bytes_too = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    return pa.string() if bytes_too or kind in (pa.string_view(), pa.binary_view()) else kind
