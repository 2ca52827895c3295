import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.evaluation.class_labels import class_labels


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of one column with classes of these names, as `datasets` writes it."""

    def save(name, names):
        features = {"label": {"names": names, "_type": "ClassLabel"}, "words": [{"dtype": "string", "_type": "Value"}]}
        about = {"huggingface": json.dumps({"info": {"features": features}})}
        parquet.write_table(pa.table({"label": [0]}).replace_schema_metadata(about), tmp_path / name)
        return tmp_path / name

    return save


def test_codes_are_named_in_all_files_alike(write, tmp_path):
    first = write("x-0.parquet", ["cat", "dog"])
    assert class_labels(first) == {"label": {"0": "cat", "1": "dog"}}
    assert class_labels(tmp_path / "some.csv") == {}
    second = write("x-1.parquet", ["cat", "dog"])
    assert class_labels(tmp_path / "x-*.parquet") == {"label": {"0": "cat", "1": "dog"}}
    write(second.name, ["dog", "cat"])
    with pytest.raises(SpurgenError, match=r"x-1.parquet has other ClassLabel types than .*x-0.parquet; name files of"):
        class_labels(tmp_path / "x-*.parquet")


def test_a_name_that_is_the_number_of_another_class_is_refused(write):
    assert class_labels(write("digits.parquet", ["0", "1"])) == {"label": {"0": "0", "1": "1"}}
    with pytest.raises(
        SpurgenError, match="column label: 1 is one class's number and another's name; correct the file"
    ):
        class_labels(write("turned.parquet", ["1", "0"]))


def test_parquet_without_such_types_names_nothing(tmp_path):
    parquet.write_table(pa.table({"label": [0]}), tmp_path / "plain.parquet")
    assert class_labels(tmp_path / "plain.parquet") == {}
