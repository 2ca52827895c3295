import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import Mock

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.files import (
    WriteError,
    cache_folder,
    check_writable,
    interrupted_folder,
    matching,
    partial_folder,
    scratch_folder,
    write_atomically,
)


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


def test_folders_of_killed_processes_are_removed_and_those_in_use_stay(tmp_path):
    names = [".set-aaaaaaaa.temporary", ".set-bbbbbbbb.temporary", ".set-b-aaaaaaaa.temporary"]
    for name in names:
        (tmp_path / name / "train").mkdir(parents=True)
    handle = os.open(tmp_path / names[1], os.O_RDONLY)  # another open file holds its own lock, as another process would
    fcntl.flock(handle, fcntl.LOCK_EX)
    with partial_folder(tmp_path, "set") as first, partial_folder(tmp_path, "set") as second:
        assert first.is_dir()
        assert second != first
        (first / "train").mkdir()
    os.close(handle)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names[1:])


def test_the_folder_of_an_interrupted_export_is_never_taken_for_one_that_may_be_removed(tmp_path):
    for name in ("set", "set-12345678", "set-1234567"):
        interrupted_folder(tmp_path / name).mkdir()
    before = sorted(tmp_path.iterdir())
    with partial_folder(tmp_path, "set"):
        pass
    assert sorted(tmp_path.iterdir()) == before


def test_scratch_of_a_killed_process_is_removed_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import os, signal\nfrom spurgen.harness.machine.files import scratch_folder\n"
        "with scratch_folder() as folder:\n"
        "    (folder / 'closed').mkdir()\n    (folder / 'closed' / 'features').touch()\n"
        "    (folder / 'closed').chmod(0)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    with scratch_folder() as folder:
        assert [*tmp_path.iterdir()] == [folder]
        assert folder != left
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_is_removed_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    made = []

    def make(**options):
        folder = Path(mkdtemp(**options))
        made.append(folder)
        if len(made) == 1:
            folder.rmdir()
        return str(folder)

    mkdtemp = tempfile.mkdtemp
    monkeypatch.setattr(tempfile, "mkdtemp", make)
    with partial_folder(tmp_path, "set") as folder:
        assert folder == made[1]
        assert folder.is_dir()


def test_a_place_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "mkdtemp", Mock(side_effect=OSError(30, "Read-only file system")))
    with (
        pytest.raises(WriteError, match=f"^cannot write {tmp_path}: Read-only file system$"),
        partial_folder(tmp_path, "x"),
    ):
        pass
