"""What stands beside the rows of a ladder: the ideal observer, ERM's ceiling and its matched control."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.formats import overview_table, to_json, to_markdown
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.schema import Trick
from spurgen.harness.board.text import first_to_text, to_text
from spurgen.harness.statistics.needed import Goal, needed


@pytest.fixture
def make(ladder_suite, make_rung_row, baseline):
    """Return a function that makes ERM's row without correlations on rungs; `follow` by counterexamples."""

    def rows(label="erm", matched=False, changes=None, **follow):
        fields = {"uncorrelated": True, "matched": matched} | baseline | (changes or {})
        of_rung = {name.replace("m", "few-text-"): share for name, share in follow.items()}
        return {label: {t: make_rung_row(ladder_suite, share, task=t, **fields) for t, share in of_rung.items()}}

    return rows


@pytest.fixture
def board(ladder_suite, ladder_rows):
    def make(ceiling, matched, tricks=None):
        references = {"ceiling": ceiling, "matched": matched, "tricks": tricks or {}}
        return build(ladder_suite, ladder_rows(ladder_suite), references)

    return make


def mean_of_three(row, kind="accuracy"):
    return np.mean([row.metric(f"{kind}_{state}") for state in ("agree", "mislead", "neutral")], axis=0)


def test_a_ladder_shows_its_ceiling_and_matched_control(board, make, ladder_suite):
    ceiling, matched = make(m16=0.0), make(matched=True, m4=0.5, m16=0.2)
    made = board(ceiling, matched)
    found = made.overall["few-text"].controls
    values = {m: mean_of_three(matched["erm"][f"few-text-{m}"]).mean() for m in (4, 16)}
    # A learner that never met a shortcut is equally good in all three: their lowest would be too low by chance.
    assert found.ceiling == mean_of_three(ceiling["erm"]["few-text-16"]).mean()
    assert found.matched == values
    assert found.seen == mean_of_three(ceiling["erm"]["few-text-16"], "seen").mean()
    mean = sum(values.values()) / 2
    for text in (to_text(made), first_to_text(made)):
        assert "Ideal observer   1.000" in text
        assert f"Ceiling          {found.ceiling:.3f}   ERM, trained with all values at random" in text
        assert re.search(r"Threshold        0\.\d{3}   of N: 3/4 of 0\.\d\d, the ceiling of tuning worlds", text)
        assert f"Matched control  {mean:.3f}   ERM, on as many such samples as counterexamples:" in text
        assert max(map(len, text.splitlines())) <= 80
    stored = json.loads(to_json(made))["overall"]["few-text"]["controls"]
    assert stored == {"ideal": 1.0, "ceiling": found.ceiling, "matched": {str(m): v for m, v in values.items()},
                      "seen": found.seen, "matched_needs": found.matched_needs,
                      "tuning_ceiling": found.tuning_ceiling, "tricks": []}  # fmt: skip
    curves = np.stack([mean_of_three(matched["erm"][f"few-text-{m}"]) for m in values], axis=1)
    assert found.matched_needs == needed(curves, Goal((4, 16), 0.75 * 0.9)).text
    assert f"- {found.lines[-1]}" in to_markdown(made)
    last = overview_table(made, ladder_suite.tasks).splitlines()[-1]
    assert last.startswith("| control: m samples, no shortcut")
    assert found.matched_needs in last


def test_a_board_without_controls_says_nothing_of_them(board):
    made = board({}, {})
    assert made.overall["few-text"].controls.ceiling is made.overall["few-text"].controls.matched is None
    assert "Ideal observer" not in to_text(made)


@pytest.mark.parametrize(
    "changes",
    [{"uncorrelated": False}, {"error": "boom"}, {"data_sha256": "0" * 64}, {"spec": "m.py"}, {"groups": (1,) * 6}],
)
def test_controls_that_cannot_be_believed_are_left_out(board, make, changes):
    rows = make(matched=True, m4=0.5, m16=0.2), make(matched=True, changes=changes, m4=0.5, m16=0.2)
    assert [board({}, each).overall["few-text"].controls.matched is None for each in rows] == [False, True]


def test_a_matched_control_is_no_ceiling_and_one_of_every_rung_is_needed(board, make):
    found = board(make(matched=True, m16=0.2), make(matched=True, m16=0.2)).overall["few-text"].controls
    assert (found.ceiling, found.matched) == (None, None)


def test_a_matched_control_is_averaged_over_its_draws_with_all_worlds(board, make, make_rung_row, ladder_suite):
    first, second = make(matched=True, m4=0.5, m16=0.2), make("erm-draw=1", matched=True, m4=0.1, m16=0.1)
    few = {t: make_rung_row(ladder_suite, 0.9, range(2), task=t, **vars_of(row)) for t, row in first["erm"].items()}
    found = board({}, first | second | {"erm-draw=2": few}).overall["few-text"].controls
    draws = [rows[label][f"few-text-{m}"] for m in (4, 16) for rows, label in ((first, "erm"), (second, "erm-draw=1"))]
    each = [mean_of_three(row).mean() for row in draws]
    assert list(found.matched.values()) == pytest.approx([np.mean(each[:2]), np.mean(each[2:])])


def vars_of(row):
    result = row.results[0]
    return {name: getattr(result, name) for name in ("uncorrelated", "matched", "spec", "submission_sha256")}


def test_a_trick_stands_beside_the_board_and_is_compared_with_nobody(board, make_rung_row, ladder_suite):
    tricks = {
        "words_masked": {f"few-text-{m}": make_rung_row(ladder_suite, 0.1, task=f"few-text-{m}") for m in (4, 16)}
    }
    made, without = board({}, {}, tricks), board({}, {})
    part = made.overall["few-text"]
    assert replace(part, controls=None) == replace(without.overall["few-text"], controls=None)
    curves = np.stack([row.metric("robust_accuracy") for row in tricks["words_masked"].values()], axis=1)
    needs = needed(curves, Goal((4, 16), 0.75 * 0.9)).text
    assert part.controls.tricks == (Trick("words masked", pytest.approx(curves.mean()), needs, 5),)
    line = f"Trick            {curves.mean():.3f}   words masked: needs {needs}, with labels alone, in 5 worlds"
    assert line in to_text(made)
    assert line in first_to_text(made)


@pytest.mark.parametrize("changes", [{"error": "boom"}, {"data_sha256": "0" * 64}, {"groups": (1,) * 6}])
def test_tricks_that_cannot_be_believed_or_lack_a_rung_are_left_out(board, make_rung_row, ladder_suite, changes):
    def row(m, **changes):
        return make_rung_row(ladder_suite, 0.1, task=f"few-text-{m}", **changes)

    tricks = {"a": {"few-text-4": row(4)}, "b": {"few-text-4": row(4), "few-text-16": row(16, **changes)}}
    assert board({}, {}, tricks).overall["few-text"].controls.tricks == ()
