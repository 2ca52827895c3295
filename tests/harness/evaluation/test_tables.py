import gzip
import json
import re
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from spurgen.benchmark import reading
from spurgen.benchmark.errors import SpurgenError, shortened
from spurgen.harness.evaluation import tables
from spurgen.harness.evaluation.reading import read_predictions
from spurgen.harness.evaluation.tables import Columns, Table, in_order, read_header, read_table


def test_celeba_and_civil_comments_are_recognised(read):
    faces = pd.DataFrame({"image_id": ["1", "2"], "Blond_Hair": [-1, 1], "Male": [1, -1], "prediction": [-1, -1]})
    found = read(faces)
    assert found.classes == ("dark hair", "blond hair")  # as their numbers, so that logit_0 is of dark hair
    assert (found.labels.tolist(), found.predicted.tolist()) == ([0, 1], [[0, 0]])
    comments = pd.DataFrame({"toxicity": [0.1, 0.5], "identity_any": [0.4, 0.6], "pred": [0, 1]})
    found = read(comments)
    assert (found.classes, found.labels.tolist(), found.predicted.tolist()) == (("civil", "toxic"), [0, 1], [[0, 1]])
    assert found.attributes[0].ids.tolist() == [0, 1]


def test_shares_that_a_flag_names_are_cut_and_other_entries_are_read_as_they_are(read):
    comments = pd.DataFrame({"toxicity": ["no", "yes"], "identity_any": [0.4, 0.6], "pred": ["no", "yes"]})
    with pytest.raises(SpurgenError, match="is no share"):
        read(comments)
    found = read(comments, Columns(label="toxicity", attributes=("identity_any",)))
    assert (found.classes, found.attributes[0].values) == (("no", "yes"), ("none named", "identity named"))
    comments = comments.assign(toxicity=[0.1, 0.5], pred=[0, 1], black=[0.0, 1.0], white=["few", "many"])
    found = read(comments, Columns(attributes=("black", "white")))
    assert [a.values for a in found.attributes] == [("not named", "named"), ("few", "many")]


def test_labels_and_splits_beside_the_answers_may_have_another_usual_name(birds, answers, read):
    birds_by_name = {0: "landbird", 1: "waterbird"}
    named = answers({}).assign(label=lambda table: table.prediction.map(birds_by_name), partition="test")
    assert len(read(named, metadata=birds)) == 200
    both = birds.assign(target=1 - birds.y)  # its own target is not the label that is read
    assert len(read(answers({}).assign(target=0), Columns(label="y"), metadata=both)) == 200
    comments = birds.assign(toxicity=birds.y * 0.8, identity_any=birds.place).drop(columns=["y", "place", "split"])
    asked = Columns(key="img_filename")
    answered = comments.assign(prediction=birds.y, label=birds.y)[["img_filename", "prediction", "label"]]
    assert len(read(answered, asked, metadata=comments)) == 280


@pytest.mark.parametrize("asked", [Columns(logits="s_"), Columns(prediction="guess")])
def test_naming_answers_or_logits_leaves_out_neither(birds, read, asked):
    names = ("prediction", "s_") if asked.logits else ("guess", "logit_")
    logits = {f"{names[1]}0": 1 - birds.y, f"{names[1]}1": birds.y}
    found = read(birds.assign(**{names[0]: birds.y}, **logits), asked)
    assert found.probs is not None
    with pytest.raises(SpurgenError, match=f"column {names[0]}: '[01]' is not the class with the largest {names[1]}"):
        read(birds.assign(**{names[0]: 1 - birds.y}, **logits), asked)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_whole_numbers_as_floats_are_codes(birds, answers, write, kind):
    floats = answers({(0, 1): 5}).astype({"prediction": float})
    metadata = write(birds.astype({"y": float}), f"metadata.{kind}")
    read = read_predictions(write(floats, f"model.{kind}"), Columns(), metadata=metadata)
    assert (read.classes, (read.predicted[0] != read.labels).sum()) == (("landbird", "waterbird"), 5)


def test_an_index_counts_the_samples_of_its_split_but_other_names_are_of_all(write):
    table = pd.DataFrame({"index": [1, 0, 0], "label": [0, 1, 0], "light": "day", "split": ["train", "train", "test"]})
    metadata = write(table, "metadata.csv")
    answers = write(pd.DataFrame({"index": [0], "prediction": [0]}))
    columns = Columns(attributes=("light",), key="index")
    read = read_predictions(str(answers), columns, metadata=str(metadata))
    assert (read.labels.tolist(), read.keys, read.split) == ([0], ("0",), "test")
    other = write(pd.DataFrame({"index": [0, 1], "prediction": [0, 0]}), "more.csv")
    with pytest.raises(SpurgenError, match=r"line 3, column index: '1' is not in .*metadata.csv in the split test; c"):
        read_predictions(other, columns, metadata=metadata)
    splits = write(table.drop(columns=["label", "light"]).assign(prediction=0), "splits.csv")
    assert read_predictions(splits, columns, metadata=metadata).unused == 2
    unique = write(table.assign(index=[0, 1, 2]), "unique.csv")
    whole = write(pd.DataFrame({"index": [0, 1, 2], "prediction": 0}), "whole.csv")
    assert read_predictions(whole, columns, metadata=unique).unused == 2
    write(table.assign(split="test"), "metadata.csv")
    with pytest.raises(SpurgenError, match="'0' occurs more than once; correct"):
        read_predictions(answers, columns, metadata=metadata)
    write(table.rename(columns={"index": "key"}), "metadata.csv")
    answers = write(pd.DataFrame({"key": [0], "prediction": [0]}))
    with pytest.raises(SpurgenError, match="'0' occurs more than once; correct"):
        read_predictions(answers, Columns(attributes=("light",)), metadata=metadata)


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


MIB = 1 << 20
UNPACKS = "it unpacks to more than [0-9,]+ bytes"


@pytest.fixture
def bounds(monkeypatch):
    """Lower the bounds of what a file may unpack to, and of its entries."""
    monkeypatch.setattr(reading, "UNPACKED_BYTES", MIB // 8)
    monkeypatch.setattr(tables, "ENTRIES", 30_000)


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
