import os
import socket

from spurgen.harness.sandbox import rechecks
from spurgen.harness.sandbox.rechecks import forget, forget_names


def test_plain_files_alone_are_opened_and_forgotten(tmp_path, monkeypatch):
    (tmp_path / "below").mkdir()
    for name in ("one", "below/two", "alone"):
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("one")
    (tmp_path / "again").symlink_to("below")
    os.mkfifo(tmp_path / "fifo")  # opening it would wait for somebody to write
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        sizes = []
        monkeypatch.setattr(os, "posix_fadvise", lambda file, *_: sizes.append(os.fstat(file).st_size))
        forget(tmp_path / name for name in ("below", "again", "alone", "missing", "link", "fifo"))
    assert sorted(sizes)[-2:] == [len("alone"), len("below/two")]
    assert set(sizes) <= {0, len("alone"), len("below/two")}


def test_names_are_forgotten_where_that_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr(rechecks, "DROP", tmp_path / "drop")
    forget_names()
    assert (tmp_path / "drop").read_text() == "2\n"
    monkeypatch.setattr(rechecks, "DROP", tmp_path / "missing" / "drop")
    forget_names()
