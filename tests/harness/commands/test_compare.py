import json

import numpy as np
import pytest

from spurgen.harness.cli import main


@pytest.fixture
def compare(suite_file, suite, make_cell, keep_cell, tmp_path):
    """Returns a function that compares two of three rows on the tiny suite."""
    leans = {"good": 0.1, "bad": 0.6, "bad_too": 0.6}
    for label, quality in (("good", 0.98), ("bad", 0.6), ("bad_too", 0.6)):
        for seed in range(4):
            kept = {"sss/color": np.full(24, leans[label])}
            keep_cell(tmp_path / "results", make_cell(suite, quality, seed, kept=kept), label)
    return lambda *more: main(["compare", *more, "--suite", suite_file, "--results", str(tmp_path / "results")])


def test_a_sentence_a_table_and_a_file(compare, tmp_path, capsys):
    assert compare("bad", "good", "--json", str(tmp_path / "found.json")) == 0
    out = capsys.readouterr().out
    assert "# bad and good on tiny\n\n## small-text, 4 seeds\n\ngood beats bad by 0." in out
    assert "WGA (p < 0.001). good leans less on color." in out
    assert "Left out: small-image (bad: not run; good: not run); small-both (" in out
    found = json.loads((tmp_path / "found.json").read_text())
    wga = found["figures"]["small-text"]["wga"]
    assert f"| WGA             | {wga['first']:.3f} | {wga['second']:.3f}  | {wga['difference']:+.3f} (" in out
    assert wga["better"] == "second"


def test_no_winner_is_told_as_such(compare, capsys):
    assert compare("bad", "bad_too", "--task", "small-text") == 0
    assert "Neither beats the other in WGA: +0.000 is not significant." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("god", "bad"), "there is no row 'god'; did you mean good"),
        (("bad", "bad"), "bad is the same row twice; name two"),
        (("bad", "good", "--task", "small-image"), "bad and good have no task in common: Left out: small-image"),
    ],
)
def test_what_cannot_be_compared_is_told(compare, names, told, stderr):
    assert compare(*names) == 2
    assert told in stderr()
