import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.tables import read_header, read_table


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
    for name in ("x-0.parquet", "x-1.parquet"):
        write_classes(name, ["cat", "dog"])
    assert read_header(tmp_path / "x-*.parquet").codes == {"label": {"0": "cat", "1": "dog"}}
    write_classes("x-1.parquet", ["dog", "cat"])
    with pytest.raises(SpurgenError, match=r"x-1.parquet has other ClassLabel types than .*x-0.parquet; name files of"):
        read_header(tmp_path / "x-*.parquet")


def test_a_name_that_is_the_number_of_another_class_is_refused(write_classes):
    assert read_header(write_classes("digits.parquet", ["0", "1"])).codes == {"label": {"0": "0", "1": "1"}}
    with pytest.raises(
        SpurgenError, match="column label: 1 is one class's number and another's name; correct the file"
    ):
        read_header(write_classes("turned.parquet", ["1", "0"]))


def test_an_index_with_a_name_is_a_column_and_nothing_else_has_codes(write):
    path = write(pd.DataFrame({"label": ["0"]}, index=pd.Index(["a"], name="key")), "some.parquet")
    assert (read_header(path).columns, read_header(path).codes) == (["label", "key"], {})
    assert read_table(path).frame.to_dict("list") == {"label": ["0"], "key": ["a"]}


@pytest.mark.parametrize(
    "about",
    [
        b"[]", b"null", b"{", b"\xff", b'{"info": null}', b'{"info": {"features": {"label": {"_type": "ClassLabel"}}}}',
        b'{"info": {"features": {"label": {"_type": "ClassLabel", "names": [1]}}}}',
    ],
)  # fmt: skip
def test_metadata_of_another_form_are_an_error(about, tmp_path):
    table = pa.table({"label": [0]}).replace_schema_metadata({"huggingface": about})
    parquet.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(SpurgenError, match=r"x\.parquet: its metadata `huggingface` .*; write it again"):
        read_header(tmp_path / "x.parquet")


def test_text_that_is_not_utf_8_and_odd_columns_are_errors(tmp_path):
    path = tmp_path / "x.parquet"
    places = pa.py_buffer(np.array([0, 1, 2], np.int32).tobytes())
    text = pa.Array.from_buffers(pa.string(), 2, [None, places, pa.py_buffer(b"\xff\xfe")])
    zone = pa.array([1], pa.timestamp("us", "Mars/Base"))
    for table, message in (
        (pa.table({"a": text}), "Invalid UTF8"),
        (pa.table({"a": text.dictionary_encode()}), "Invalid UTF8"),
        (pa.table({"a": pa.array([b"\xff"])}), "Invalid UTF8"),
        (pa.table({"a": zone}), "there is no time zone 'Mars/Base'; write times as text"),
        (pa.table([["x"], ["y"]], names=["a", "a"]), "several columns are called 'a'; correct the file"),
    ):
        parquet.write_table(table, path)
        with pytest.raises(SpurgenError, match=rf"x\.parquet: .*{message}"):
            read_table(path)
    parquet.write_table(pa.table({"a": pa.array([b"land", "wäter".encode()])}), path)
    assert read_table(path).texts("a").tolist() == ["land", "wäter"]
