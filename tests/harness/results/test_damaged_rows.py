import hashlib
import json
import os
import re
import zipfile

import pytest

from spurgen.benchmark.errors import SpurgenError


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"wga":0.', '"wga":0.9', "the text does not match its SHA-256"),
        ('"schema_version":2', '"schema_version":3', "schema version 3, and this spurgen reads 2"),
        ('"arrays_sha256":"', '"x":"', "the text does not match its SHA-256"),
        ('"arrays_sha256":"', '"arrays":"', "line 1: the key 'arrays' occurs twice"),
    ],
)
def test_an_edited_text_is_refused_with_the_reason(add, store, old, new, message):
    add()
    path = store.folder / "model.jsonl"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SpurgenError, match=rf"model\.jsonl: {message}.*; restore it from version control"):
        store.rows()


def test_damaged_or_missing_arrays_are_refused_by_name(add, store):
    add()
    path = store.folder / "model.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SpurgenError, match=r"model\.npz does not match its SHA-256"):
        store.rows()
    path.unlink()
    with pytest.raises(SpurgenError, match=r"model\.npz is missing"):
        store.rows()


def test_arrays_that_unpack_to_more_than_the_text_says_are_refused_unread(add, store, sealed):
    add()
    path = store.folder / "model.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("correct.npy", bytes(1 << 24))
        file.writestr("sums.npy", b"")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    old = json.loads((store.folder / "model.jsonl").read_text().splitlines()[0])["arrays_sha256"]
    sealed(store.folder / "model.jsonl", lambda text: text.replace(old, digest))
    with pytest.raises(SpurgenError, match=f"it unpacks to {1 << 24:,} bytes, expected at most 2,908"):
        store.rows()


@pytest.mark.parametrize("ending", ["jsonl", "npz"])
@pytest.mark.parametrize(
    ("make", "kind"),
    [(os.mkfifo, "a FIFO"), (os.mkdir, "a folder"), (lambda path: os.symlink("/dev/zero", path), "a device")],
)
def test_only_plain_files_are_read(add, store, ending, make, kind):
    add()
    path = store.folder / f"model.{ending}"
    path.unlink()
    make(path)
    with pytest.raises(SpurgenError, match=rf"cannot read .*model\.{ending}: it is {kind}; put a plain file there"):
        store.rows()


def test_the_lock_is_no_link_that_leads_elsewhere(add, store, tmp_path):
    store.folder.mkdir(parents=True)
    (tmp_path / "file").write_text("precious")
    (store.folder / ".lock").symlink_to(tmp_path / "file")
    with pytest.raises(SpurgenError, match=r"cannot lock .*\.lock: .*; remove it"):
        add()
    assert (tmp_path / "file").read_text() == "precious"


FORGED = [
    ('"wga":0.', '"wga/x":1,"wga":0.', r"line 2: metrics.wga/x: String should match pattern .*\(got 'wga/x'\)"),
    ('"wga":0.', '"x":1e308,"wga":0.', r"line 2: metrics.x: .*less than or equal to 1000000000000 \(got 1e\+308\)"),
    ('"color":{', '"a/b":{},"color":{', r"line 2: channels.a/b: String should match pattern"),
    ('"metrics":{', '"metrics":[{', "line 2: "),
    ('"wga":0.', '"wga":NaN,"x":0.', "line 2: "),
    ('"groups":[', '"groups":[-1,', r"line 2: groups.0: .*greater than or equal to 0 \(got -1\)"),
    ('"seed":0', f'"seed":{"9" * 30}', r"line 2: seed: .*\(got 9+\)"),
    ('"seed":0', f'"seed":{"9" * 5000}', "line 2: a number has more than 4,300 digits"),
    ('"seed":0', f'"seed":{"[" * 9**5}', "line 2: it is nested too deeply"),
    ('"seed":0', '"seed":0,"seed":0', "line 2: the key 'seed' occurs twice"),
    ('"seed":0', '"seed":0,"asked_again":null', "line 2: asked_again: there is no such key"),
    ('"options":{}', '"options":{"lr":1e999}', "line 1: '1e999' is not a finite number"),
    ('"spec":"m.py"', r'"spec":"m\u0000.py"', "line 2: spec: String should match pattern"),
    ('"spec":"m.py"', r'"spec":"\ud800"', "line 2: spec: Input should be a valid string"),
    ('"environment":0', '"environment":9', r"line 2: provenance.environment: .*\(got 9\)"),
    ('"small-text":[1,', '"small-text":[-1,', r"line 1: arrays.small-text.0: .*\(got -1\)"),
    ('"small-text":[1,', '"small-text":[2,', "arrays.small-text: 2 seeds, expected those of 1 results"),
    ('"small-text":[1,60,24', '"small-text":[1,10000000,100000', "the array correct is uint8 of shape"),
    ('"small-text":[1,60,24', '"b":[9999,10000000,24,[]],"small-text":[1,60,24', "its arrays take 99,990,000,"),
]


@pytest.mark.parametrize(("old", "new", "message"), FORGED)
def test_a_forged_field_is_named_with_its_value_on_one_line(add, store, old, new, message, sealed):
    add()
    path = store.folder / "model.jsonl"
    assert old in path.read_text()
    sealed(path, lambda text: text.replace(old, new, 1))
    with pytest.raises(SpurgenError, match=rf"model\.jsonl: {message}.*restore it from version control") as caught:
        store.rows()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_result_without_a_consistency_check_is_read(add, store, sealed):
    add()
    found = r'"consistency":(\{[^}]*\})'
    assert re.search(found, (store.folder / "model.jsonl").read_text())
    sealed(store.folder / "model.jsonl", lambda text: re.sub(found, '"consistency":null', text))
    assert store.row("model")["small-text"].results[0].provenance.consistency is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"\n", "line 1: Expecting value"),
        (b"{}\n", "schema version None, and this spurgen reads 2"),
        (b"[]\n", r"line 1: \[\], expected an object"),
        (b"\xff", "byte 0, 0xff, is not UTF-8; save it as UTF-8"),
        (b'"' + b"x" * (1 << 22) + b'"', "line 1 has 4,194,306 characters, at most 4,194,304"),
    ],
)
def test_what_is_no_row_is_refused_by_name(add, store, content, message):
    add()
    (store.folder / "model.jsonl").write_bytes(content)
    with pytest.raises(SpurgenError, match=rf"model\.jsonl: {message}"):
        store.rows()


def test_a_row_with_other_line_ends_or_a_byte_order_mark_is_read(add, store):
    result = add()
    path = store.folder / "model.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert store.row("model")["small-text"].results == (result,)


def test_repeated_seeds_are_refused(add, store, sealed):
    add()

    def twice(text):
        head, result, _ = text.splitlines(keepends=True)
        return "".join([head, result, result, "{}\n"])

    sealed(store.folder / "model.jsonl", twice)
    with pytest.raises(SpurgenError, match=r"task small-text: its seeds are \[0, 0\], expected each once"):
        store.rows()


def test_a_result_is_not_added_to_the_samples_of_another_task(add, store, sealed):
    add(seed=0)
    sealed(store.folder / "model.jsonl", lambda text: text.replace('"ig","sss', '"xyz","sss', 1))
    with pytest.raises(SpurgenError, match=r"^row model, small-text: two results differ in the array xyz: they are of"):
        add(seed=1)
