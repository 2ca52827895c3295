import json
import re

import numpy as np
import pytest

from spurgen.harness.cli import main


@pytest.fixture
def compare(suite_file, suite, make_outcome, keep_row, tmp_path):
    """Return a function that compares two rows of the tiny suite; the good one follows color less, its SSS is high."""
    for label, quality, sss, follows in (("good", 0.98, 0.3, 0.1), ("bad", 0.6, 0.1, 0.5), ("bad_too", 0.6, 0.1, 0.5)):
        outcomes = [
            make_outcome(
                suite, quality, seed, arrays={"sss/color": np.full(24, sss * (1 + seed / 50))},
                follows={"color": follows * (1 + seed / 10)},
            )
            for seed in range(5)
        ]  # fmt: skip
        keep_row(tmp_path / "results", *outcomes, label=label)
    return lambda *more: main(["compare", *more, "--suite", suite_file, "--results", str(tmp_path / "results")])


def test_a_comparison_is_a_sentence_a_table_and_a_file(compare, tmp_path, capsys):
    assert compare("bad", "good", "--json", str(tmp_path / "compared.json")) == 0
    out = capsys.readouterr().out
    assert "# bad and good on tiny\n\n## small-text, 5 seeds\n\ngood beats bad by 0." in out
    assert " in accuracy if misled (p " in out
    assert " good follows color less." in out
    assert "| Follows, color " in out
    assert "| SSS, color " in out
    assert "Left out: small-image, small-both (bad: not run; good: not run)." in out
    record = json.loads((tmp_path / "compared.json").read_text())
    assert (next(iter(record)), record["schema_version"]) == ("schema_version", 10)
    shown = record["tasks"]["small-text"]["robust_accuracy"]
    first, second, difference = (f"{shown[name]:.3f}" for name in ("first", "second", "difference"))
    assert f"| Accuracy if misled | {first} | {second} | {difference} (" in re.sub(" +", " ", out)
    assert shown["better"] == "second"


def test_rows_that_do_not_differ_have_no_winner(compare, capsys):
    assert compare("bad", "bad_too", "--tasks", "small-text") == 0
    assert "Neither beats the other in accuracy if misled: +0.000 is not significant." in capsys.readouterr().out


def test_a_difference_that_only_the_correction_makes_insignificant_is_said_to_be_one(
    compare, suite, make_outcome, keep_row, tmp_path, capsys
):
    near = [make_outcome(suite, 0.75, seed, follows={"color": 0.4 + seed / 40}) for seed in range(5)]
    keep_row(tmp_path / "results", *near, label="near")
    assert compare("near", "bad", "--tasks", "small-text") == 0
    out = capsys.readouterr().out
    assert re.search(
        r"misled: \+0\.\d+ is not significant once corrected for everything shown \(p 0\.0[0-4]\d* alone\)\.", out
    ), out
    assert re.search(r"\| Accuracy if misled .* \(\+0\.\d+ to \+0\.\d+\)", out), out


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("god", "bad"), "there is no row 'god'; did you mean good"),
        (("bad", "bad"), "bad is compared with itself; name two rows"),
        (("bad", "good", "--tasks", "small-image"), "bad and good have no task in common; left out: small-image"),
    ],
)
def test_what_cannot_be_compared_is_refused(compare, names, message, stderr):
    assert compare(*names) == 2
    assert message in stderr()
