from types import SimpleNamespace

import pytest

from spurgen.harness.cli import main
from spurgen.harness.commands import calibrate

TABLE = "| a table |"


@pytest.mark.parametrize(
    ("canonical", "flags", "written"),
    [("tiny", "", "benchmark/CALIBRATION.md"), ("v1", "", None), ("v1", "--out mine.md", "mine.md")],
)
def test_a_suite_of_ones_own_leaves_the_canonical_table_alone(
    suite_file, tmp_path, monkeypatch, capsys, canonical, flags, written
):
    monkeypatch.chdir(tmp_path)
    for name, stand_in in {
        "CANONICAL": canonical,
        "plan": lambda *_, uncorrelated=False: [SimpleNamespace(uncorrelated=uncorrelated)],
        "run_missing": lambda *_: (),
        "path_of": lambda *_: None,
        "read_cell": lambda _: None,
        "calibration_table": lambda _: TABLE,
    }.items():
        monkeypatch.setattr(calibrate, name, stand_in)
    assert main(["calibrate", "--suite", suite_file, *flags.split()]) == 0
    assert TABLE in capsys.readouterr().out
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md")] == [written] * bool(written)
    assert all(TABLE in path.read_text() for path in tmp_path.rglob("*.md"))
