"""Small files that hold much: each is refused before it is in memory."""

import gzip
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from spurgen.benchmark import reading
from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation import csv_files
from spurgen.harness.evaluation.tables import read_table

MIB = 1 << 20
UNPACKS = "it unpacks to more than [0-9,]+ bytes"


@pytest.fixture
def bounds(monkeypatch):
    """Lower the bounds of what a file may unpack to, and of its entries."""
    monkeypatch.setattr(reading, "UNPACKED_BYTES", MIB // 8)
    monkeypatch.setattr(csv_files, "ENTRIES", 30_000)


@pytest.mark.usefixtures("bounds")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([b"label,pred\n", b"\n" * 4 * MIB], f"{UNPACKS}; unpack it if you trust it"),
        (
            [b"a,b,c\n", b"0,0,0\n" * 10**5],
            r"it has more than 30,000 entries, in [\d,]+ bytes; write it as CSV without",
        ),
        ([b"a\n", b'"\n",' * (MIB // 2)], UNPACKS),
    ],
)
def test_a_compressed_file_is_unpacked_no_further_than_its_size_allows(tmp_path, content, message):
    path = tmp_path / "some.csv.gz"
    path.write_bytes(b"".join(gzip.compress(part) for part in content))
    tracemalloc.start()
    try:
        with pytest.raises(SpurgenError, match=f"cannot read .*some.csv.gz: {message}"):
            read_table(path)
        assert tracemalloc.get_traced_memory()[1] < 32 * MIB
    finally:
        tracemalloc.stop()


def test_a_line_without_an_end_is_refused(tmp_path):
    (tmp_path / "some.csv").write_bytes(b"label,pred\n" + b"1," * 4 * MIB)
    with pytest.raises(SpurgenError, match=r"some.csv: a line has more than 4,194,304 characters"):
        read_table(tmp_path / "some.csv")


@pytest.mark.usefixtures("bounds")
def test_a_plain_file_may_have_an_entry_per_byte(tmp_path):
    (tmp_path / "some.csv").write_text("a,b\n" + ",\n" * 30_000)
    assert len(read_table(tmp_path / "some.csv")) == 30_000


def stored_once(text, count):
    """Return a column of one text as Parquet keeps it: once, and its places."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text]))


def view(text, count):
    return pa.array([text] * count, pa.string_view())


COUNTED = pa.proxy_memory_pool(pa.default_memory_pool())  # of all tests: buffers may not outlive their pool


@pytest.fixture
def read_column(tmp_path):
    """Return a function that writes columns to a small file, and reads it, in memory that is counted."""

    def read(columns, wanted=lambda _: True, **options):
        path, pool = tmp_path / "some.parquet", pa.default_memory_pool()
        parquet.write_table(pa.table(columns), path, compression="zstd", write_statistics=False, **options)
        pa.set_memory_pool(COUNTED)
        try:
            return read_table(path, wanted).frame
        finally:
            pa.set_memory_pool(pool)

    return read


DELTA = {"use_dictionary": False, "column_encoding": {"label": "DELTA_BYTE_ARRAY"}}


@pytest.mark.usefixtures("bounds")
@pytest.mark.parametrize(
    ("label", "options", "message"),
    [
        (lambda: np.zeros(10**5, np.int8), {}, "it has more than 30,000 entries, in"),
        (lambda: stored_once("x" * 1000, 20_000), {}, UNPACKS),
        (lambda: stored_once("x" * 1000, 20_000), {"store_schema": False}, UNPACKS),
        (lambda: view("x" * 1000, 20_000), {}, UNPACKS),
        (lambda: [b"x" * 8 * MIB], {}, UNPACKS),
        (lambda: ["a" * 10**4 + str(k) for k in range(4000)], DELTA, UNPACKS),
        (lambda: [[0] * 10**6], {}, "column label: its entries are list<element: int64>; expected numbers or text"),
    ],
)  # fmt: skip
def test_a_small_parquet_file_that_holds_much_is_refused(read_column, label, options, message):
    with pytest.raises(SpurgenError, match=rf"some.parquet[:,] {message}"):
        read_column({"label": label()}, **options)
    assert COUNTED.max_memory() < 32 * MIB


@pytest.mark.usefixtures("bounds")
def test_columns_that_are_not_wanted_may_be_large_or_nested(read_column):
    columns = {"label": ["0"], "image": [[0] * 10**6], "text": ["x" * 8 * MIB]}
    assert read_column(columns, lambda name: name == "label").label.tolist() == ["0"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.binary(2)])
def test_texts_of_every_type_are_read(read_column, kind):
    names = pa.array([b"ab", b"cd", None] if kind == pa.binary(2) else ["ab", "cd", None], kind)
    assert read_column({"label": names}).label.isna().tolist() == [False, False, True]
    assert COUNTED.max_memory()
    assert read_column({"label": ["a" * 100] * 100}, **DELTA).label.tolist() == ["a" * 100] * 100


def test_a_damaged_parquet_file_is_named(read_column, tmp_path):
    read_column({"label": [f"{k}" for k in range(1000)]})
    path = tmp_path / "some.parquet"
    content = bytearray(path.read_bytes())
    content[40:80] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(SpurgenError, match=r"cannot read .*some.parquet: "):
        read_table(path)
