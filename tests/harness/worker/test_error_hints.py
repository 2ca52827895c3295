import errno
import re
import urllib.error
from pathlib import Path

import pytest

from spurgen.harness.worker.hints import describe


@pytest.mark.parametrize("name", ["m.npy", "weights/m.npy"])
@pytest.mark.parametrize("sandboxed", [True, False])
def test_a_file_beside_the_code_is_opened_by_the_expression_of_the_hint(tmp_path, monkeypatch, name, sandboxed):
    (tmp_path / "weights").mkdir()
    (tmp_path / name).write_text("content")
    monkeypatch.chdir(tmp_path / "weights")
    error = FileNotFoundError(2, "No such file or directory", name)
    text = describe(error, {"op": "load"}, {}, sandboxed)
    files, expression = text.removesuffix(")").partition("write FILES = ")[2].split(" and open ")
    assert files == f'["{name}"]'
    assert eval(expression, {"Path": Path, "__file__": str(tmp_path / "model.py")}).read_text() == "content"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (ModuleNotFoundError("No module named 'no'", name="no"), "sees the installed packages, its own code and what"),
        (ModuleNotFoundError("No module named 'torch'", name="torch.nn"), r"run \S*pip install -e \S*\[train\]"),
        (urllib.error.URLError("unreachable"), "URLError.*has no network and starts no other process"),
        (PermissionError(errno.EPERM, "Operation not permitted"), "has no network and starts no other process"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/etc/passwd"), "its own code and what FILES names"),
        (OSError(errno.EROFS, "Read-only file system"), "can write to context.scratch and /tmp only"),
        (MemoryError(), "MemoryError.*see --memory-gib"),
        (OSError("no such repository"), "what FILES names; a sandboxed submission has no network"),
        (ImportError("x.so: failed to map segment from shared object"), "see --memory-gib"),
    ],
)
def test_an_error_caused_by_the_sandbox_gets_a_hint(error, hint):
    assert re.search(hint, describe(error, {"op": "load"}, {}, sandboxed=True))
