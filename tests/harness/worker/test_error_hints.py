from pathlib import Path

import pytest

from spurgen.harness.worker.error_hints import describe


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
