import fcntl
import os

from spurgen.harness.machine.folders import interrupted_folder, partial_folder


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
