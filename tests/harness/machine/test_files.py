import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.files import WriteError, cache_folder, check_writable, matching, write_atomically


@pytest.mark.parametrize(("content", "written"), [("zwölf\n", "zwölf\n".encode()), (b"\x00\r\n", b"\x00\r\n")])
def test_a_file_and_its_folders_are_written(content, written, tmp_path):
    path = tmp_path / "new" / "file"
    for _ in range(2):  # the second time it is there already
        write_atomically(path, content)
        assert path.read_bytes() == written
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, "old")

    monkeypatch.setattr("os.fsync", Mock(side_effect=OSError(28, "No space left on device")))
    with pytest.raises(WriteError, match=f"^cannot write {path}: No space left on device$"):
        write_atomically(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/null", path)])
def test_only_a_plain_file_is_replaced(tmp_path, make):
    make(tmp_path / "it")
    kind = (tmp_path / "it").lstat().st_mode
    with pytest.raises(WriteError, match=r"cannot write .*it: it is not a plain file; name another"):
        write_atomically(tmp_path / "it", "new")
    assert (tmp_path / "it").lstat().st_mode == kind


def test_a_checked_folder_exists_and_is_empty(tmp_path):
    check_writable(tmp_path / "new" / "folder", "--out")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(SpurgenError, match=r"cannot write to .*file: File exists; choose another --out"):
        check_writable(tmp_path / "file", "--out")


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.TemporaryFile", Mock(side_effect=OSError(30, "Read-only file system")))
    with pytest.raises(SpurgenError, match=f"cannot write to {tmp_path}: Read-only file system; choose another --out"):
        check_writable(tmp_path, "--out")


def test_a_star_stands_for_any_characters_unless_a_file_has_it_in_its_name(tmp_path, monkeypatch):
    folder = tmp_path / "some[1]?"  # characters that stand for themselves
    folder.mkdir()
    for name in ("b.csv", "a.csv", "a.txt"):
        (folder / name).touch()
    assert matching(folder / "*.csv") == [folder / "a.csv", folder / "b.csv"]
    monkeypatch.setenv("HOME", str(folder))
    assert matching(Path("~/*.csv")) == [folder / "a.csv", folder / "b.csv"]
    with pytest.raises(SpurgenError, match=r"nothing matches .*\*.zip"):
        matching(tmp_path / "*.zip")
    (tmp_path / "*.csv").touch()
    assert matching(tmp_path / "*.csv") == [tmp_path / "*.csv"]
    assert matching(tmp_path / "none.csv") == [tmp_path / "none.csv"]


def test_a_user_without_a_home_is_asked_for_a_cache(monkeypatch):
    monkeypatch.delenv("SPURGEN_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", Mock(side_effect=RuntimeError))
    with pytest.raises(SpurgenError, match="set SPURGEN_CACHE to a folder"):
        cache_folder()
