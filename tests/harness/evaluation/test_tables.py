import gzip
import re

import pandas as pd
import pytest

from spurgen.benchmark.errors import SpurgenError, shortened
from spurgen.harness.evaluation.tables import check, in_order, logits, read_file, read_header, texts

GOOD = "label,pred,light\n0,0,day\n1,1,night\n"


@pytest.fixture
def file(tmp_path):
    """Return a function that writes text as a CSV file and returns its path."""

    def save(content, name="some.csv"):
        (tmp_path / name).write_text(content)
        return tmp_path / name

    return save


def test_entries_are_text_and_blank_lines_are_skipped(file):
    table = read_file(file("\ufeff\n" + GOOD.replace("\n", "\r\n\r\n")))
    assert list(table.columns) == ["label", "pred", "light"]
    assert table.to_numpy().tolist() == [["0", "0", "day"], ["1", "1", "night"]]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_only_the_columns_that_are_wanted_are_kept(tmp_path, kind):
    path = tmp_path / f"some.{kind}"
    table = pd.DataFrame({"label": ["0", "1"], "words": ["long", "longer"], "light": ["day", "night"]})
    table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path)
    assert read_header(path).columns == ["label", "words", "light"]
    kept = read_file(path, lambda name: name != "words")
    assert list(kept.columns) == ["label", "light"]
    assert kept.light.tolist() == ["day", "night"]


def test_a_compressed_file_is_read(tmp_path):
    with gzip.open(tmp_path / "some.csv.gz", "wt") as content:
        content.write(GOOD)
    assert read_file(tmp_path / "some.csv.gz").pred.tolist() == ["0", "1"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_in_several_files_is_read_as_one_and_errors_name_the_file(tmp_path, kind):
    for k, labels in enumerate((["0", "1"], ["2"])):
        part = pd.DataFrame({"label": labels, "light": "day"})
        path = tmp_path / f"test-{k}.{kind}"
        part.to_csv(path, index=False) if kind == "csv" else part.to_parquet(path)
    whole = tmp_path / f"test-*.{kind}"
    assert read_header(whole).columns == ["label", "light"]
    table = read_file(whole)
    assert table.label.tolist() == ["0", "1", "2"]
    first = 2 if kind == "csv" else 1  # after the header
    with pytest.raises(
        SpurgenError,
        match=rf"{'line' if kind == 'csv' else 'row'} {first} of test-1.{kind}, column label: '?2'? is no label",
    ):
        check(whole, table, "label", table.label != "2", "is no label")


def test_several_files_that_are_not_one_table_are_refused(file, tmp_path):
    file("a,b\n0,1\n", "x-0.csv"), file("a,c\n0,1\n", "x-1.csv")
    with pytest.raises(SpurgenError, match=r"x-1.csv has other columns than .*x-0.csv; name files of one table"):
        read_header(tmp_path / "x-*.csv")
    with pytest.raises(SpurgenError, match=r"nothing matches .*y-\*.csv"):
        read_header(tmp_path / "y-*.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n0,1\n0,1,2\n", r"some.csv, line 3: the number of entries is 3, that of the header 2; correct the file"),
        ("a,b\n0,1,\n0,1,\n", r"some.csv, line 2: the number of entries is 3, that of the header 2"),
        ("a,b\n0,1\n\n0\n", r"some.csv, line 4: the number of entries is 1, that of the header 2"),
        ("a,b,a\n0,1,2\n", r"some.csv, line 1: several columns are called 'a'; correct the file"),
        ('a,b\n0,"1\n', r"cannot read .*some.csv: unexpected end of data"),
    ],
)
def test_a_malformed_line_is_named(file, content, message):
    with pytest.raises(SpurgenError, match=message):
        read_file(file(content))


def test_another_encoding_is_refused_with_the_one_to_use(tmp_path):
    (tmp_path / "some.csv").write_bytes("label\ncafé\n".encode("latin-1"))
    with pytest.raises(SpurgenError, match=r"cannot read .*some.csv: 'utf-8' codec .*; save it as UTF-8"):
        read_file(tmp_path / "some.csv")


def test_parquet_under_another_name_is_recognised(tmp_path):
    pd.DataFrame({"label": [0.5]}).to_parquet(tmp_path / "some.csv")
    with pytest.raises(SpurgenError, match=r"cannot read .*some.csv: this is Parquet: name it .parquet"):
        read_file(tmp_path / "some.csv")


@pytest.mark.parametrize(
    ("rows", "are"), [([[0.2, 0.8], [0.5, 0.5]], True), ([[0, 1], [1, 0]], False), ([[0.2, 0.8], [0.5, 0.6]], False)]
)
def test_probabilities_are_not_read_as_logits(tmp_path, rows, are):
    table = pd.DataFrame(rows, columns=["logit_a", "logit_b"])
    if are:
        with pytest.raises(SpurgenError, match="are probabilities, not logits: each line adds up"):
            logits(tmp_path / "t.csv", table, "logit_", ("a", "b"))
    else:
        assert logits(tmp_path / "t.csv", table, "logit_", ("a", "b")).tolist() == rows


@pytest.mark.parametrize("entry", ["NaN", "nan", " NA ", "<NA>", "null", "NULL"])
def test_what_stands_for_a_missing_value_is_no_name(file, entry):
    path = file(f"label\n1\n{entry}\nNamibia\n")
    problem = f"line 3, column label: {shortened(entry)} stands for a missing value, and is no name; correct the file"
    with pytest.raises(SpurgenError, match=re.escape(problem)):
        texts(path, read_file(path), "label")


def test_names_that_are_no_numbers_are_in_order_of_the_alphabet():
    assert in_order(pd.Series(["inf", "2", "1", "10"])) == ("1", "2", "10", "inf")
    assert in_order(pd.Series(["b", "2", "10"])) == ("10", "2", "b")


def test_not_a_number_is_empty_in_parquet(tmp_path):
    path = tmp_path / "some.parquet"
    pd.DataFrame({"label": [1.0, float("nan")]}).to_parquet(path)
    with pytest.raises(SpurgenError, match=r"some.parquet, row 2, column label: 'nan' is empty"):
        texts(path, read_file(path), "label")


def test_a_whole_number_that_is_too_large_for_a_name_is_an_error(tmp_path):
    path = tmp_path / "some.parquet"
    pd.DataFrame({"label": [1.0, 1e300]}).to_parquet(path)
    with pytest.raises(SpurgenError, match=r"some.parquet, row 2, column label: '1e\+300' is too large for a name"):
        texts(path, read_file(path), "label")


def test_the_line_of_a_fault_is_that_of_the_file(file):
    path = file('text,label\n"two\nlines",0\n\n"three\n\nlines",\nshort,1\n')
    table = read_file(path)
    assert table.index.tolist() == [2, 5, 8]
    with pytest.raises(SpurgenError, match=r"some.csv, line 5, column label: '' is empty; correct the file"):
        texts(path, table, "label")


@pytest.mark.parametrize(("faults", "more"), [(1, ""), (2, ", and 1 more entry like it"), (3, ", and 2 more entries")])
def test_the_number_of_faults_is_given(file, faults, more):
    path = file("label\n" + "x\n" * faults)
    table = read_file(path)
    with pytest.raises(SpurgenError, match=f"line 2, column label: 'x' is no number{more}"):
        check(path, table, "label", table["label"] == "0", "is no number")


def test_rows_of_parquet_are_counted_whatever_the_index_was(tmp_path):
    path = tmp_path / "some.parquet"
    pd.DataFrame({"label": ["0", "1", "0", ""]}, index=[0, 1, 0, 1]).to_parquet(path)
    with pytest.raises(SpurgenError, match=r"some.parquet, row 4, column label: '' is empty"):
        texts(path, read_file(path), "label")


def test_an_index_with_a_name_is_a_column(tmp_path):
    path = tmp_path / "some.parquet"
    pd.DataFrame({"label": ["0"]}, index=pd.Index(["a"], name="key")).to_parquet(path)
    assert read_header(path).columns == ["label", "key"]
    assert read_file(path).to_dict("list") == {"label": ["0"], "key": ["a"]}
