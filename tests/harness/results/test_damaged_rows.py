import hashlib
import json
import zipfile

import pytest

from spurgen.benchmark.errors import SpurgenError


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"wga":0.', '"wga":0.9', "the text does not match its SHA-256"),
        ('"seed":0', '"seed":1', "the text does not match its SHA-256"),
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


def sealed(path, edit):
    """Edit a row's text and seal it again, as a forger would."""
    lines = edit(path.read_text()).splitlines(keepends=True)[:-1]
    path.write_text("".join(lines) + json.dumps({"sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}) + "\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [('"wga":0.', '"wga":NaN,"x":0.'), ('"metrics":{', '"metrics":[{'), ('"environment":0', '"environment":7'),
     ('"seed":0', '"seed":-1'), ('"small-text":[1,60,24', '"small-text":[9,60,24')],
)  # fmt: skip
def test_a_sealed_text_that_is_malformed_is_refused_by_name(add, store, old, new):
    add()
    path = store.folder / "model.jsonl"
    assert old in path.read_text()
    sealed(path, lambda text: text.replace(old, new, 1))
    with pytest.raises(SpurgenError, match=r"model\.jsonl.*restore it from version control"):
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


def test_arrays_that_unpack_to_more_than_the_text_says_are_refused_unread(add, store):
    add()
    path = store.folder / "model.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("correct.npy", bytes(1 << 24))
        file.writestr("sums.npy", b"")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    old = json.loads((store.folder / "model.jsonl").read_text().splitlines()[0])["arrays_sha256"]
    sealed(store.folder / "model.jsonl", lambda text: text.replace(old, digest))
    with pytest.raises(SpurgenError, match=f"it unpacks to {1 << 24:,} bytes, expected at most 3,400"):
        store.rows()
