"""Parquet files as tables, read when their size in memory is known: a kilobyte may hold a billion entries."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.reading import may_unpack_to, open_plain
from spurgen.harness.evaluation.csv_files import FILE_BYTES, PLAIN, check_count
from spurgen.harness.evaluation.parquet_pages import pages
from spurgen.harness.machine.packages import check_packages

PARQUET = (".parquet", ".pq")
SHARING = "DELTA_BYTE_ARRAY"


def is_parquet(path: Path) -> bool:
    """Return whether a file begins as Parquet does."""
    with open_plain(path, FILE_BYTES) as file:
        return file.read(4) == b"PAR1"


def parquet_header(path: Path) -> list[str]:
    """Return the names of a file's columns."""
    check_packages(["pyarrow"], f"reading {path}")
    from pyarrow.parquet import read_schema

    with open_plain(path, FILE_BYTES) as file:
        return list(read_schema(file).names)


def read_parquet(path: Path, wanted: Callable[[str], bool], at_most: int | None) -> pd.DataFrame:
    """Read columns of a file; raise `SpurgenError` for more than `at_most` rows, or more than its size allows.

    Also raised for columns of lists and other nested values, and for a named index.
    """
    names = [name for name in parquet_header(path) if wanted(name)]
    with open_plain(path, FILE_BYTES) as file:
        _check_size(path, file, names, at_most)
        file.seek(0)
        table = pd.read_parquet(file, columns=names)
    named = [str(name) for name in table.index.names if name is not None]
    if named:
        raise SpurgenError(f"{path} has an index named {', '.join(named)}; make it a column, by reset_index()")
    return table.set_axis(pd.RangeIndex(1, len(table) + 1))


def _check_size(path: Path, file: BinaryIO, names: Sequence[str], at_most: int | None) -> None:
    """Raise `SpurgenError` if a file's rows, or columns when they are unpacked, take too much."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    about = ParquetFile(file)
    groups = [about.metadata.row_group(k) for k in range(about.metadata.num_row_groups)]
    rows = max(about.metadata.num_rows, sum(group.num_rows for group in groups))
    check_count(path, rows, max(len(names), 1), at_most)
    types = {name: about.schema_arrow.field(name).type for name in names}
    nested = next((name for name, kind in types.items() if pa.types.is_nested(kind)), None)
    if nested:
        raise SpurgenError(f"{path}, column {nested}: its entries are {types[nested]}; expected numbers or text")
    limit = may_unpack_to(path.stat().st_size)
    leaves = [k for k in range(len(about.schema)) if about.schema.column(k).path in types]
    _check_pages(path, file, [group.column(k) for group in groups for k in leaves], limit)
    widths = [kind.byte_width for kind in types.values() if pa.types.is_fixed_size_binary(kind)]
    _check_bytes(path, rows * sum(widths), limit)
    texts, size = [name for name, kind in types.items() if _is_text(kind)], 0
    file.seek(0)
    for batch in ParquetFile(file, read_dictionary=texts).iter_batches(columns=texts) if texts else ():
        size += sum(map(_text_bytes, batch.columns))
        _check_bytes(path, size, limit)


def _check_pages(path: Path, file: BinaryIO, chunks: Sequence[Any], limit: int) -> None:
    """Raise `SpurgenError` if the pages of column chunks take too much; the footer's own sum may be forged."""
    size = 0
    try:
        for chunk in chunks:
            start = min(chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset)
            for page in pages(file, start, start + chunk.total_compressed_size):
                size += page.size
                _check_bytes(path, size, limit)
                if page.shares:
                    what = f"{path} has texts in the encoding {SHARING}, of unknown size"
                    raise SpurgenError(f"{what}; write it with dictionaries")
    except ValueError as error:
        raise SpurgenError(f"cannot read {path}: {error}; {PLAIN}") from None


def _check_bytes(path: Path, size: int, limit: int) -> None:
    if size > limit:
        what = f"it unpacks to more than {limit:,} bytes, from {path.stat().st_size:,}"
        raise SpurgenError(f"cannot read {path}: {what}; {PLAIN}")


def _is_text(kind: Any) -> bool:  # noqa: ANN401 (pyarrow ships no types)
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(check(kind) for check in (*text, pa.types.is_string_view, pa.types.is_binary_view))


def _text_bytes(column: Any) -> int:  # noqa: ANN401
    """Return the bytes of all texts of a column, one by one, without making them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not isinstance(column, pa.DictionaryArray):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary)
    return int(pc.sum(pc.cast(lengths.take(column.indices), pa.int64())).as_py() or 0)
