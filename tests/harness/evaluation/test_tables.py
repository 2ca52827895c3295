import gzip
import re

import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError, shortened
from spurgen.harness.evaluation.tables import Table, in_order, read_header, read_table


@pytest.fixture
def file(tmp_path):
    """Return a function that writes text, bytes or columns as a file and returns its path."""

    def save(content, name="some.csv"):
        path = tmp_path / name
        if isinstance(content, dict):
            pd.DataFrame(content).to_parquet(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


def test_entries_are_text_and_blank_lines_are_skipped(file):
    table = read_table(file("\ufeff\r\nlabel,light\r\n\r\n0,day\r\n\r\n1,night\r\n"))
    assert list(table.frame) == ["label", "light"]
    assert table.frame.to_numpy().tolist() == [["0", "day"], ["1", "night"]]


@pytest.mark.parametrize("name", ["some.csv", "some.parquet"])
def test_only_the_columns_that_are_wanted_are_kept(write, name):
    path = write(pd.DataFrame({"label": ["0", "1"], "words": ["long", "longer"], "light": ["day", "night"]}), name)
    assert read_header(path).columns == ["label", "words", "light"]
    kept = read_table(path, lambda column: column != "words")
    assert kept.frame.to_dict("list") == {"label": ["0", "1"], "light": ["day", "night"]}


@pytest.mark.parametrize(("kind", "place"), [("csv", "line 2"), ("parquet", "row 1")])
def test_a_table_in_several_files_is_read_as_one_and_errors_name_the_file(write, tmp_path, kind, place):
    for k, labels in enumerate((["0", "1"], ["2"])):
        write(pd.DataFrame({"label": labels, "light": "day"}), f"test-{k}.{kind}")
    whole = tmp_path / f"test-*.{kind}"
    assert read_header(whole).columns == ["label", "light"]
    table = read_table(whole)
    assert table.texts("label").tolist() == ["0", "1", "2"]
    with pytest.raises(SpurgenError, match=rf"{place} of test-1.{kind}, column label: '?2'? is no label"):
        table.check("label", table.texts("label") != "2", "is no label")


def test_several_files_that_are_not_one_table_are_refused(file, tmp_path):
    file("a,b\n0,1\n", "x-0.csv"), file("a,c\n0,1\n", "x-1.csv")
    with pytest.raises(SpurgenError, match=r"x-1.csv has other columns than .*x-0.csv; name files of one table"):
        read_header(tmp_path / "x-*.csv")
    with pytest.raises(SpurgenError, match=r"nothing matches .*y-\*.csv"):
        read_header(tmp_path / "y-*.csv")


DAMAGED = bytearray(gzip.compress(b"a,b\n" + bytes(range(32, 127)) * 9))
DAMAGED[15] ^= 255


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n0,1\n0,1,2\n", r"some.csv, line 3: the number of entries is 3, that of the header 2; correct the file"),
        ("a,b\n0,1\n\n0\n", r"some.csv, line 4: the number of entries is 1, that of the header 2"),
        ("a,b,a\n0,1,2\n", r"some.csv, line 1: several columns are called 'a'; correct the file"),
        ("a;b\n0;1\n", r"some.csv, line 1: the columns are separated by ';'; separate them by commas"),
        ('a,b\n0,"1\n', r"cannot read .*some.csv: unexpected end of data"),
        ("", "some.csv has no lines"),
        ("a,b\n", "some.csv has no lines"),
        ("label\ncafé\n".encode("latin-1"), r"cannot read .*some.csv: 'utf-8' codec .*; save it as UTF-8"),
        ({"label": [0.5]}, r"cannot read .*some.csv: this is Parquet: name it .parquet"),
    ],
)
def test_a_file_that_is_no_table_is_named(file, content, message):
    with pytest.raises(SpurgenError, match=message):
        read_table(file(content))


def test_compressed_files_are_read_and_what_cannot_be_read_is_named(file, tmp_path):
    assert read_table(file(gzip.compress(b"label\n0\n"), "some.csv.gz")).frame.label.tolist() == ["0"]
    with pytest.raises(SpurgenError, match=re.escape(f"cannot read {tmp_path}/some.csv.gz: ")):
        read_table(file(bytes(DAMAGED), "some.csv.gz"))
    with pytest.raises(SpurgenError, match=r"none.csv does not exist"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(SpurgenError, match="cannot read /dev/zero: it is a device; put a plain file there"):
        read_table(type(tmp_path)("/dev/zero"))


@pytest.mark.parametrize(
    ("rows", "are"), [([[0.2, 0.8], [0.5, 0.5]], True), ([[0, 1], [1, 0]], False), ([[0.2, 0.8], [0.5, 0.6]], False)]
)
def test_probabilities_are_not_read_as_logits(tmp_path, rows, are):
    table = Table(tmp_path / "t.csv", pd.DataFrame(rows, columns=["logit_a", "logit_b"]))
    if are:
        with pytest.raises(SpurgenError, match="are probabilities, not logits: each line adds up"):
            table.logits("logit_", ("a", "b"))
    else:
        assert table.logits("logit_", ("a", "b")).tolist() == rows


@pytest.mark.parametrize("entry", ["NaN", "nan", " NA ", "<NA>", "null", "NULL"])
def test_what_stands_for_a_missing_value_is_no_name(file, entry):
    table = read_table(file(f"label\n1\n{entry}\nNamibia\n"))
    problem = f"line 3, column label: {shortened(entry)} stands for a missing value, and is no name; correct the file"
    with pytest.raises(SpurgenError, match=re.escape(problem)):
        table.texts("label")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1.0, float("nan")], "row 2, column label: 'nan' is empty"),
        ([1.0, 1e300], r"row 2, column label: '1e\+300' is too large for a name"),
        (pd.Series(["0", "1", "0", ""], index=[0, 1, 0, 1]), "row 4, column label: '' is empty"),
    ],
)
def test_entries_of_parquet_that_are_no_names_are_counted_by_row(file, labels, message):
    table = read_table(file({"label": labels}, "some.parquet"))
    with pytest.raises(SpurgenError, match=f"some.parquet, {message}"):
        table.texts("label")


def test_names_that_are_no_numbers_are_in_order_of_the_alphabet():
    assert in_order(pd.Series(["inf", "2", "1", "10"])) == ("1", "2", "10", "inf")
    assert in_order(pd.Series(["b", "2", "10"])) == ("10", "2", "b")


def test_the_line_of_a_fault_is_that_of_the_file(file):
    table = read_table(file('text,label\n"two\nlines",0\n\n"three\n\nlines",\nshort,1\n'))
    assert [line for _, line in table.frame.index] == [2, 5, 8]
    with pytest.raises(SpurgenError, match=r"some.csv, line 5, column label: '' is empty; correct the file"):
        table.texts("label")


@pytest.mark.parametrize(("faults", "more"), [(1, ""), (2, ", and 1 more entry like it"), (3, ", and 2 more entries")])
def test_the_number_of_faults_is_given(file, faults, more):
    table = read_table(file("label\n" + "x\n" * faults))
    with pytest.raises(SpurgenError, match=f"line 2, column label: 'x' is no number{more}"):
        table.check("label", table.frame.label == "0", "is no number")
