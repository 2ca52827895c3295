"""Several rows are replaced together or not at all, and a file with another name than a row's is named."""

import os
import signal
from pathlib import Path

import pytest

from spurgen.benchmark.errors import ReadError, SpurgenError
from spurgen.harness.cli import main
from spurgen.harness.results.replacing import replace_rows
from spurgen.harness.results.store import Store

FULL = OSError(28, "No space left on device")


def tree(folder):
    """Return what is in a folder, hidden files included: contents of files, None for folders."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture
def shares(tmp_path, suite, make_outcome):
    """Two folders with three rows of two kinds, and a third one with an older result of one of them."""
    for folder, label, seed, kind in (
        ("a", "first", 0, ""), ("a", "second", 0, ""), ("b", "first", 1, ""), ("b", "third", 0, "private"),
        ("target", "second", 1, ""),
    ):  # fmt: skip
        Store(tmp_path / folder, "tiny", kind).add(label, *make_outcome(suite, 0.5, seed))
    return tmp_path


def merge(shares, out):
    return main(["merge", str(shares / "a"), str(shares / "b"), "--results", str(shares / out)])


@pytest.mark.parametrize("call", ["fsync", "chmod", "open", "replace"])
@pytest.mark.parametrize("out", ["target", "new/folder"])
def test_a_merge_that_fails_at_any_write_leaves_every_byte_as_it_was(shares, monkeypatch, stderr, call, out):
    real, before, refused = getattr(os, call), tree(shares), 0
    for allowed in range(100):
        writes = iter(range(allowed + 1))

        def failing(place, *arguments, writes=writes):
            writing = call != "open" or (arguments[0] & os.O_CREAT and str(place).endswith((".tmp", ".lock")))
            if writing and next(writes, None) is None:
                raise FULL
            return real(place, *arguments)

        with monkeypatch.context() as context:
            context.setattr(os, call, failing)
            code = merge(shares, out)
        if code == 0:
            break
        assert "No space left on device" in stderr()
        assert tree(shares) == before
        refused += 1
    assert refused >= 4 - (call == "open")
    assert (
        sorted(Store(shares / out, "tiny").row("second")["small-text"].seeds) == [0, 1][: 2 if out == "target" else 1]
    )
    assert Store(shares / out, "tiny", "private").labels() == ["third"]


def test_one_row_that_cannot_be_made_keeps_the_others_from_being_replaced(shares):
    def refuse(_):
        raise SpurgenError("no")

    before = tree(shares)
    store = Store(shares / "a", "tiny")
    with pytest.raises(SpurgenError, match=r"^no$"):
        replace_rows([(store, "second", lambda _: store.row("first")), (store, "first", refuse)])
    assert tree(shares) == before


def test_a_rename_that_fails_once_leaves_every_byte_as_it_was(shares, monkeypatch, stderr):
    real, before = os.replace, tree(shares)
    for bad in range(9):  # three files of each row
        calls = iter(range(100))

        def failing(*places, calls=calls, bad=bad):
            if next(calls) == bad:
                raise FULL
            return real(*places)

        with monkeypatch.context() as context:
            context.setattr(os, "replace", failing)
            assert merge(shares, "target") == 2
        assert "No space left on device" in stderr()
        assert tree(shares) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_all_rows_are_in_place(shares, monkeypatch, number):
    real, calls = os.replace, iter(range(100))

    def interrupted(*places):
        if next(calls) == 2:
            signal.raise_signal(number)
        return real(*places)

    store, came = Store(shares / "a", "tiny"), []
    before = signal.signal(number, lambda *_: came.append(next(calls)))
    try:
        with monkeypatch.context() as context:
            context.setattr(os, "replace", interrupted)
            replace_rows([(store, label, lambda _: store.row("first")) for label in ("third", "fourth")])
    finally:
        signal.signal(number, before)
    assert came == [6]  # after the renames of both rows
    assert store.labels() == ["first", "fourth", "second", "third"]


@pytest.mark.parametrize("command", ["leaderboard", "site --out out", "figures --out out"])
@pytest.mark.filterwarnings("ignore:.*which is no row's name")
def test_a_file_whose_name_is_not_utf_8_stops_no_reader(tmp_path, suite_file, monkeypatch, stderr, command):
    monkeypatch.chdir(tmp_path)
    Path("results", "tiny").mkdir(parents=True)
    os.close(os.open(b"results/tiny/caf\xe9.jsonl", os.O_CREAT))
    main([*command.split(), "--suite", suite_file, "--results", "results"])
    assert "rename or remove it" not in stderr()


def test_a_merge_refuses_a_file_with_another_name_than_a_rows(tmp_path, monkeypatch, stderr):
    monkeypatch.chdir(tmp_path)
    Path("results", "tiny").mkdir(parents=True)
    os.close(os.open(b"results/tiny/caf\xe9.jsonl", os.O_CREAT))
    assert main(["merge", "results", "--results", "out"]) == 2
    assert r"results/tiny has the file 'caf\udce9.jsonl', which is no row's name" in stderr().replace("\n", " ")


@pytest.mark.parametrize("name", ["two words", "line\nbreak", "<b>"])
def test_a_file_with_another_name_than_a_rows_is_left_out_with_a_warning(tmp_path, name):
    (tmp_path / "tiny").mkdir()
    for label in (f"{name}x", "x"):
        (tmp_path / "tiny" / f"{label}.jsonl").touch()
    store = Store(tmp_path, "tiny")
    with pytest.warns(
        UserWarning, match=r"expected letters, digits and \. _ = \+ -; rename or remove it; it is left out"
    ):
        assert store.labels() == ["x"]
    with pytest.raises(ReadError, match=r"expected letters, digits and \. _ = \+ -; rename or remove it"):
        store.check_names()
