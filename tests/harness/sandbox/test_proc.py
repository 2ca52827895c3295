"""Which files of /proc are hidden; what a submission sees of it is tested in test_bubblewrap."""

import pytest

from spurgen.harness.sandbox import bubblewrap, proc
from spurgen.harness.sandbox.limits import Limits

pytestmark = pytest.mark.needs("bubblewrap")


def test_what_appears_in_proc_later_is_hidden_as_well(monkeypatch, tmp_path):
    monkeypatch.setattr(proc, "PROC", tmp_path)
    assert proc.listed()[0] == []
    (tmp_path / "new").write_text("")
    (tmp_path / "folder").mkdir()
    files, folders = proc.listed()
    assert (files, folders[0]) == ([tmp_path / "new"], tmp_path / "folder")
    command = bubblewrap.sandbox_command((), Limits(isolation="bubblewrap"), "cpu", {})
    assert command[command.index(str(tmp_path / "new")) - 1] == "/dev/null"
