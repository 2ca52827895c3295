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
    assert compare("bad", "good", "--all", "--json", str(tmp_path / "compared.json")) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "# bad and good on tiny\n\nAccuracy if misled; on a ladder the mean over its rungs above 0:\n"
    )
    assert "\ngood is significantly better on small-text.\n" in out
    assert "\n\n## small-text, 5 seeds\n\ngood beats bad by 0." in out
    assert " in accuracy if misled (p " in out
    assert " good follows color less." in out
    assert "| Follows, color " in out
    assert "| SSS, color " in out
    assert "Left out: small-image, small-both (bad: not run; good: not run)." in out
    record = json.loads((tmp_path / "compared.json").read_text())
    assert (next(iter(record)), record["schema_version"]) == ("schema_version", 11)
    shown = record["tasks"]["small-text"]["robust_accuracy"]
    first, second, difference = (f"{shown[name]:.3f}" for name in ("first", "second", "difference"))
    assert f"| Accuracy if misled | {first} | {second} | {difference} (" in re.sub(" +", " ", out)
    assert shown["better"] == "second"


def test_rows_that_do_not_differ_have_no_winner(compare, capsys):
    assert compare("bad", "bad_too", "--tasks", "small-text", "--all") == 0
    out = capsys.readouterr().out
    assert "Neither is on small-text.\nModerated paired t-test over 5 seeds; brackets: " in out
    assert "Neither beats the other in accuracy if misled: +0.000 is not significant." in out


def test_a_difference_in_what_is_asked_is_not_corrected_for_all_else_that_can_be_printed(
    compare, suite, make_outcome, keep_row, tmp_path, capsys
):
    near = [make_outcome(suite, 0.75, seed, follows={"color": 0.4 + seed / 40}) for seed in range(5)]
    keep_row(tmp_path / "results", *near, label="near")
    assert compare("near", "bad", "--tasks", "small-text") == 0  # p .01, with ten other metrics .09
    out = capsys.readouterr().out
    assert re.search(r"small-text +0\.\d+ +0\.\d+ +\+0\.\d+ \[\+0\.\d+, \+0\.\d+\] +0\.0[0-4]\d$", out, re.M), out
    assert "near is significantly better on small-text." in out
    assert "Follows" not in out


def test_rows_on_ladders_are_compared_on_one_screen_that_begins_with_the_counterexamples_needed(capsys):
    assert main(["compare", "erm", "bsoftmax"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[2] == "Counterexamples needed for three quarters of the ceiling, and their ratio:"
    assert lines[3].split() == ["erm", "bsoftmax", "ratio"]
    assert re.fullmatch(r"things-text +\d+ \[\d+, \d+\] +\d+ \[\d+, \d+\] +\d\.\d\d \[\d\.\d\d, \d\.\d\d\]", lines[5])
    text = " ".join(lines)
    assert re.search(r"bsoftmax is significantly better on things-text, [a-z, -]+ and [a-z-]+\. Of \d+ others, ", text)
    assert re.search(r"over (\d to )?\d+ worlds, Holm-corrected over all \d+; ", text)


def test_names_of_any_length_fit_the_screen(suite_file, suite, make_outcome, keep_row, tmp_path, capsys):
    for label in ("a" * 40, "b" * 40):
        keep_row(tmp_path / "results", *(make_outcome(suite, 0.9, seed) for seed in range(5)), label=label)
    assert main(["compare", "a" * 40, "b" * 40, "--suite", suite_file, "--results", str(tmp_path / "results")]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert max(map(len, lines)) <= 80
    assert lines[2].split()[:2] == ["a" * 12 + "…", "b" * 12 + "…"]


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
