import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import Mock

import pytest

from spurgen.harness.machine.files import WriteError, interrupted_folder, partial_folder, scratch_folder


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
