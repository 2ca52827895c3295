import pytest

from spurgen.harness.cli import main
from spurgen.harness.commands import pretrain


@pytest.mark.parametrize("name", ["weights.json", "weights"])
def test_a_file_of_weights_with_another_ending_is_an_error_before_any_training(name, tmp_path, monkeypatch, stderr):
    monkeypatch.setattr(pretrain, "pretrain", None)
    assert main(["pretrain", "--out", str(tmp_path / name)]) == 2
    assert f"{name}: the name must end in .npz" in stderr()
