"""`spurgen anchor` as a user meets it: on a folder of comments, with few methods."""

import pytest

from spurgen.harness.anchor import features
from spurgen.harness.cli import main


def test_a_folder_is_studied_and_studied_once(civilcomments, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(features, "find_spec", lambda _: None)
    out = tmp_path / "out"
    command = ["anchor", "--data", str(civilcomments), "--out", str(out), "--trials", "1", "--worlds", "2"]
    command += ["--methods", "group_dro", "irm"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "# The anchor: civilcomments" in printed
    assert "- irm: needs environments, which these data do not have" in printed
    assert sorted(path.suffix for path in out.glob("[!.]*")) == [".csv", ".json", ".md", ".npz"]
    before = (out / "civilcomments.json").read_text()
    assert main(command) == 0
    assert (out / "civilcomments.json").read_text() == before


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--methods", "grup_dro"], "there is no method 'grup_dro'; did you mean group_dro"),
        (["--data", "."], "holds none of the data sets that are known by their files"),
        (["--worlds", "0"], "--worlds: must be 1 to 10,000"),
    ],
)
def test_errors_are_clear(flags, message, tmp_path, monkeypatch, stderr):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["anchor", *flags, "--out", str(tmp_path / "out")])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert message in stderr()
