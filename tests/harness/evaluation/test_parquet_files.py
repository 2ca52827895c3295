"""Small files that hold much: each is refused before it is in memory, which is measured in a process of its own."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.tables import read_file, read_header

MEASURED = r"""
import re, resource, sys
from pathlib import Path
import pandas, pyarrow.parquet, pyarrow.compute
from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.tables import read_file
def peak():  # getrusage would count the process that started this one as well
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])
before = peak()
try:
    read_file(Path(sys.argv[1]))
except SpurgenError as error:
    print(max(peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) - before >> 10)
    print(error)
"""


def column(text, count):
    """Return a column of one text as Parquet keeps it: once, and its places."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text]))


def measured(path):
    """Return by how many mebibytes a process that reads a file grows, or its own process, and the error."""
    done = subprocess.run([sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True)
    mebibytes, _, error = done.stdout.partition("\n")
    return int(mebibytes), error


BOMBS = {
    "rows": (lambda: {"label": pa.array(np.zeros(10**8, np.int8))}, "it has more than 4,194,304 entries, in"),
    "texts": (lambda: {"label": column("x" * 10_000, 4 * 10**6)}, "it unpacks to more than 67,108,864 bytes, from"),
    "a page": (lambda: {"label": pa.array([b"x" * 2**26] * 2)}, "it unpacks to more than 67,108,864 bytes, from"),
    "nested": (
        lambda: {"label": pa.array([[0] * 10**7])}, "column label: its entries are list<element: int64>; expected",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_holds_much_is_refused_before_it_is_in_memory(tmp_path, bomb):
    make, message = BOMBS[bomb]
    path = tmp_path / "some.parquet"
    parquet.write_table(pa.table(make()), path, compression="zstd", store_schema=False, write_statistics=False)
    assert path.stat().st_size < 1 << 20
    mebibytes, error = measured(path)
    assert message in error
    assert mebibytes < 200


@pytest.mark.parametrize("as_view", [False, True])
def test_texts_that_are_stored_once_count_as_often_as_they_stand(tmp_path, as_view):
    path, text = tmp_path / "some.parquet", "x" * 10_000
    texts = pa.array([text] * 10**4, pa.string_view()) if as_view else column(text, 10**5)
    parquet.write_table(pa.table({"label": texts}), path, compression="zstd")
    assert path.stat().st_size < 1 << 20
    assert "it unpacks to more than 67,108,864 bytes, from" in measured(path)[1]


def varint(number, length=0):
    """Return a whole number as Thrift writes it, padded to a length."""
    number, coded = 2 * number, []
    while number or not coded or len(coded) < length:
        coded.append(number & 127 | 128)
        number >>= 7
    return bytes([*coded[:-1], coded[-1] & 127])


def test_a_size_that_is_forged_in_the_footer_is_not_believed(tmp_path):
    path = tmp_path / "some.parquet"
    table = pa.table({"label": [b"x" * 2**28]})
    parquet.write_table(table, path, compression="zstd", write_statistics=False, use_dictionary=False)
    size = parquet.ParquetFile(path).metadata.row_group(0).column(0).total_uncompressed_size
    true, content = varint(size), path.read_bytes()
    assert content.count(true) == 2  # of the column and of its group
    path.write_bytes(content.replace(true, varint(8, len(true))))
    assert parquet.ParquetFile(path).metadata.row_group(0).column(0).total_uncompressed_size == 8
    mebibytes, error = measured(path)
    assert "it unpacks to more than 67,108,864 bytes, from" in error
    assert mebibytes < 200


def test_texts_that_share_their_beginnings_are_read_if_they_are_small(tmp_path):
    path, encoding = tmp_path / "some.parquet", {"column_encoding": {"label": "DELTA_BYTE_ARRAY"}}
    parquet.write_table(pa.table({"label": ["a" * 100] * 100}), path, use_dictionary=False, **encoding)
    assert len(read_file(path)) == 100
    long = ["a" * 10**5 + str(k) for k in range(4000)]
    parquet.write_table(pa.table({"label": long}), path, use_dictionary=False, compression="zstd", **encoding)
    assert path.stat().st_size < 1 << 20
    mebibytes, error = measured(path)
    assert "it unpacks to more than 67,108,864 bytes, from" in error
    assert mebibytes < 200


def test_a_decoder_that_dies_is_an_error_that_names_the_file(tmp_path, monkeypatch):
    path = tmp_path / "some.parquet"
    parquet.write_table(pa.table({"label": ["a"]}), path)
    run = subprocess.run
    dying = [sys.executable, "-c", "raise OSError('Corrupt snappy compressed data.')"]
    monkeypatch.setattr(subprocess, "run", lambda _, **options: run(dying, **options))
    with pytest.raises(SpurgenError, match=r"cannot read .*some.parquet: OSError: Corrupt snappy compressed data"):
        read_file(path)


def test_rows_beyond_the_number_that_is_known_are_not_read(tmp_path):
    path = tmp_path / "some.parquet"
    pd.DataFrame({"label": ["0"] * 101}).to_parquet(path)
    assert len(read_file(path, rows=101)) == 101
    with pytest.raises(SpurgenError, match=r"some\.parquet has more than 100 rows; correct the file"):
        read_file(path, rows=100)


def test_columns_that_are_not_wanted_may_be_large_or_nested(tmp_path):
    path = tmp_path / "some.parquet"
    parquet.write_table(pa.table({"label": ["0"], "image": [[0] * 10**6], "text": ["x" * (2**26 + 1)]}), path)
    assert read_file(path, lambda name: name == "label").label.tolist() == ["0"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.binary(2)])
def test_texts_of_every_type_are_counted_and_read(tmp_path, kind):
    path = tmp_path / "some.parquet"
    names = pa.array([b"ab", b"cd", None] if kind == pa.binary(2) else ["ab", "cd", None], kind)
    parquet.write_table(pa.table({"label": names}), path)
    assert len(read_file(path)) == 3


@pytest.fixture
def write_classes(tmp_path):
    """Return a function that writes a file of one column with classes of these names, as `datasets` writes it."""

    def save(name, names):
        features = {"label": {"names": names, "_type": "ClassLabel"}, "words": [{"dtype": "string", "_type": "Value"}]}
        about = {"huggingface": json.dumps({"info": {"features": features}})}
        parquet.write_table(pa.table({"label": [0]}).replace_schema_metadata(about), tmp_path / name)
        return tmp_path / name

    return save


def test_codes_are_named_in_all_files_alike(write_classes, tmp_path):
    first = write_classes("x-0.parquet", ["cat", "dog"])
    assert read_header(first).codes == {"label": {"0": "cat", "1": "dog"}}
    second = write_classes("x-1.parquet", ["cat", "dog"])
    assert read_header(tmp_path / "x-*.parquet").codes == {"label": {"0": "cat", "1": "dog"}}
    write_classes(second.name, ["dog", "cat"])
    with pytest.raises(SpurgenError, match=r"x-1.parquet has other ClassLabel types than .*x-0.parquet; name files of"):
        read_header(tmp_path / "x-*.parquet")


def test_a_name_that_is_the_number_of_another_class_is_refused(write_classes):
    assert read_header(write_classes("digits.parquet", ["0", "1"])).codes == {"label": {"0": "0", "1": "1"}}
    with pytest.raises(
        SpurgenError, match="column label: 1 is one class's number and another's name; correct the file"
    ):
        read_header(write_classes("turned.parquet", ["1", "0"]))


def test_parquet_without_such_types_names_nothing(tmp_path):
    parquet.write_table(pa.table({"label": [0]}), tmp_path / "plain.parquet")
    assert read_header(tmp_path / "plain.parquet").codes == {}
