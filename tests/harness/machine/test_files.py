import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.files import check_writable, write_atomically


@pytest.mark.parametrize(("content", "written"), [("zwölf\n", "zwölf\n".encode()), (b"\x00\r\n", b"\x00\r\n")])
def test_a_file_holds_what_was_given_and_folders_are_made(content, written, tmp_path):
    path = tmp_path / "new" / "file"
    for _ in range(2):  # the second time it is there already
        write_atomically(path, content)
        assert path.read_bytes() == written
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, "old")

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_a_folder_is_made_and_left_empty(tmp_path):
    check_writable(tmp_path / "new" / "folder", "--out")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(SpurgenError, match=r"cannot write to .*file: File exists; choose another --out"):
        check_writable(tmp_path / "file", "--out")


def test_a_folder_in_which_nothing_can_be_written_is_named(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(SpurgenError, match=f"cannot write to {tmp_path}: Read-only file system; choose another --out"):
        check_writable(tmp_path, "--out")
