import json

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
