"""Every variant of a row's files is read and ranked or left unranked, or refused on one line that names the file."""

import hashlib
import io
import json
import os
import random
import re
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from spurgen.benchmark.errors import ReadError, SpurgenError
from spurgen.harness.board.formats import to_csv, to_json, to_markdown
from spurgen.harness.board.leaderboard import build
from spurgen.harness.results.row_files import unpack


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


VARIANTS = 300
VALUES = [
    "null", "true", "0", "-1", "1", "0.5", "-0.5", "1e308", "1e999", "NaN", "-Infinity", "9" * 25, "9" * 5000, '""',
    '"x"', '"a/b"', '"spurgen.baselines.x"', r'"\ud800"', r'"\u0000"', r'"\u001b[2J\n"', f'"{"x" * 3000}"', "[]", "{}",
    "[null]", "[[], {}]", '{"a/b": 1}', '{"": 1}', '{"wga": 2, "wga": 1}', "[" * 5000, '{"a":' * 5000, "",
    "[0, 1, 2, 3]", '{"accuracy": 0.5}', '[[1, 60, 24, ["core"]]]', '{"small-text": [1, 60, 24, []]}', '["one", "two"]',
]  # fmt: skip
KEYS = ["", "x", "a/b", "asked_again", "consistency", "wga/x", "seed", "\ud800", "\x1b[2J\n", "x" * 500]
BYTES = [b"", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"\n", b"{", b"]", b'"', b"\xe2\x80\xa8", b"9" * 50]
SLOT = "@slot@"  # in place of the value that a variant changes


@pytest.fixture
def add_three(add):
    """Add a row of two tasks and three results."""
    for seed, task in ((0, "small-text"), (1, "small-text"), (0, "small-image")):
        add(seed=seed, task=task)


def change_text(text, rng):
    """Change a value or a key of one line."""
    lines = text.splitlines()[:-1]
    number = rng.randrange(len(lines))
    value = json.loads(lines[number])
    below = []  # every table and list with one of its keys
    waiting = [value]
    while waiting:
        part = waiting.pop()
        for key in part if isinstance(part, dict) else range(len(part)):
            below.append((part, key))
            if isinstance(part[key], dict | list):
                waiting.append(part[key])
    part, key = rng.choice(below)
    if isinstance(part, dict) and rng.random() < 0.3:
        old = part.pop(key)
        if rng.random() < 0.7:
            part[rng.choice(KEYS)] = old
    else:
        part[key] = SLOT
    lines[number] = json.dumps(value).replace(f'"{SLOT}"', rng.choice(VALUES))
    return "\n".join([*lines, "{}\n"])


def change_bytes(content, rng):
    start = rng.randrange(len(content))
    changed = content[:start] + rng.choice(BYTES) + content[start + rng.randrange(3) :]
    return changed if rng.random() < 0.8 else changed[:start]


@pytest.mark.usefixtures("add_three")
def test_every_variant_of_a_row_is_read_or_refused_on_one_line(store, suite, sealed):
    rng = random.Random(1)
    text, binary = store.folder / "model.jsonl", store.folder / "model.npz"
    whole, arrays = text.read_text(), binary.read_bytes()
    messages, ranked = [], 0
    for number in range(VARIANTS):
        text.write_text(whole)
        binary.write_bytes(arrays)
        how = rng.choice(("text", "text", "text", "text bytes", "npz bytes"))
        if how == "text":
            sealed(text, lambda content: change_text(content, rng))
        elif how == "text bytes":
            text.write_bytes(change_bytes(whole.encode(), rng))
        else:
            changed = change_bytes(arrays, rng)
            binary.write_bytes(changed)
            digests = [hashlib.sha256(content).hexdigest() for content in (arrays, changed)]
            sealed(text, lambda content, digests=digests: content.replace(*digests))
        try:
            board = build(suite, store.rows())
        except SpurgenError as error:
            messages.append(str(error))
        else:
            assert all(map(str.isprintable, "".join([to_markdown(board), to_csv(board), to_json(board)]).split("\n")))
            ranked += sum(len(part.rows) + len(part.few) for part in board.tasks.values())
            continue
        assert re.fullmatch(rf"(cannot read )?{text}: \S.*; .+", messages[-1]), (number, how, messages[-1])
        assert len(messages[-1]) < 1200, (number, how, messages[-1])
    assert VARIANTS / 2 < len(messages) < VARIANTS
    assert len({re.sub(r"\d", "", message) for message in messages}) > 80
    assert ranked > 10


ARRAYS = {
    "a": np.arange(6).reshape(2, 3), "b": np.asfortranarray(np.arange(6.0).reshape(3, 2)),
    "c": np.empty((0, 3), bool), "d": np.array(["ab", ""]), "e": np.array(7),
}  # fmt: skip


def saved(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def zipped(content, method=zipfile.ZIP_DEFLATED, size=None):
    """Zip one entry, `a.npy`; `size` is what the headers claim."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.writestr("a.npy", content)
    packed = buffer.getvalue()
    return packed if size is None else packed.replace(struct.pack("<I", len(content)), struct.pack("<I", size))


def npy(header="", data=b"", version=b"\x01\x00", **fields):
    known = {"descr": "u1", "fortran_order": False, "shape": (9,)}
    text = (header or repr(known | fields)).encode().ljust(53) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


def test_what_numpy_wrote_is_read():
    arrays = unpack(saved(**ARRAYS), 1 << 20)
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "BadZipFile: File is not a zip file"),
        (saved(**ARRAYS)[:-30], "BadZipFile"),
        (saved(**ARRAYS)[:300] + bytes(40) + saved(**ARRAYS)[340:], "."),
        (zipped(b"no array"), "ValueError: the magic string is not correct"),
        (zipped(bytes(100), zipfile.ZIP_LZMA), "'a.npy' is compressed by method 14, expected deflate"),
        (zipped(bytes(100), zipfile.ZIP_BZIP2), "'a.npy' is compressed by method 12, expected deflate"),
        (zipped(npy()), r"'a.npy' has 0 bytes for uint8 \(9,\)"),
        (zipped(npy(data=bytes(8), descr="O", shape=(1,))), "'a.npy' has 8 bytes for object"),
        (zipped(npy(shape=(-1,))), "."),
        (zipped(npy("{'descr': 'u1', 'shape': (9,)}")), "ValueError: Header does not contain the correct keys"),
        (zipped(npy("(" * 50)), "Error"),
        (zipped(npy(version=b"\x09\x00")), "'a.npy' is not in version 1.0 of NumPy's format"),
        (zipped(npy(version=b"\x02\x00")), "'a.npy' is not in version 1.0 of NumPy's format"),
        (zipped(bytes(100), size=99), "BadZipFile: Bad CRC-32"),
        (zipped(bytes(100), size=101), "."),
    ],
)  # fmt: skip
def test_what_is_no_archive_of_arrays_is_refused_on_one_line(content, message):
    with pytest.raises(ReadError, match=message) as caught:
        unpack(content, 1 << 20)
    assert "\n" not in str(caught.value)


def test_more_than_expected_is_not_unpacked_even_if_the_headers_lie():
    """The size is first declared, then not, then in NumPy's header."""
    packer, size = zlib.compressobj(), 256 << 20
    block = bytes(1 << 20)
    data = b"".join([packer.compress(block) for _ in range(size >> 20)] + [packer.flush()])[2:-4]
    tracemalloc.start()
    for declared, message in ((size, "unpacks to 268,435,456 bytes, expected at most 4,096"), (100, "Bad CRC-32")):
        with pytest.raises(ReadError, match=message):
            unpack(raw_zip(data, declared), 4096)
    with pytest.raises(ReadError, match="has 0 bytes for uint8"):
        unpack(zipped(npy(shape=(10**15,))), 4096)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10 << 20


def raw_zip(data, declared):
    """Return a zip of one deflated entry with a size that is only claimed."""
    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(data), declared, 5, 0)
    central = struct.pack("<IH", 0x02014B50, 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"a.npy"
    local = struct.pack("<I", 0x04034B50) + fields + b"a.npy" + data
    return local + central + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(central), len(local), 0)
