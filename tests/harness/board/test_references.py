"""What stands beside the rows of a ladder: the ideal observer, ERM's ceiling and its matched control."""

import json
import re

import numpy as np
import pytest

from spurgen.harness.board.export import to_json
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.markdown import to_markdown
from spurgen.harness.board.overview import overview_table
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
    return lambda references, matched: build(ladder_suite, ladder_rows(ladder_suite), None, references, matched)


def test_a_ladder_shows_its_ceiling_and_matched_control(board, make, ladder_suite):
    ceiling, matched = make(m16=0.0), make(matched=True, m4=0.5, m16=0.2)
    made = board(ceiling, matched)
    found = made.overall["few-text"].controls
    values = {m: matched["erm"][f"few-text-{m}"].mean("robust_accuracy") for m in (4, 16)}
    assert found.ceiling == ceiling["erm"]["few-text-16"].mean("robust_accuracy")
    assert found.matched == values
    things = [ceiling["erm"]["few-text-16"].metric(f"seen_{state}") for state in ("agree", "mislead", "neutral")]
    assert found.seen == np.min(things, axis=0).mean()
    mean = sum(values.values()) / 2
    for text in (to_text(made), first_to_text(made)):
        assert "Ideal observer   1.000" in text
        assert f"Ceiling          {found.ceiling:.3f}   ERM, trained without correlations" in text
        assert re.search(r"Threshold        0\.\d{3}   of N: 3/4 of 0\.\d\d, the ceiling of tuning worlds", text)
        assert f"Matched control  {mean:.3f}   ERM, on as many such samples as counterexamples:" in text
        assert max(map(len, text.splitlines())) <= 80
    stored = json.loads(to_json(made))["overall"]["few-text"]["controls"]
    assert stored == {"ideal": 1.0, "ceiling": found.ceiling, "matched": {str(m): v for m, v in values.items()},
                      "seen": found.seen, "matched_needs": found.matched_needs,
                      "tuning_ceiling": found.tuning_ceiling}  # fmt: skip
    curves = np.stack([matched["erm"][f"few-text-{m}"].metric("robust_accuracy") for m in values], axis=1)
    assert found.matched_needs == needed(curves, Goal((4, 16), 0.75 * 0.9)).text
    assert f"- {found.lines[-1]}" in to_markdown(made)
    last = overview_table(made, ladder_suite.tasks).splitlines()[-1]
    assert last.startswith("| no shortcut, m samples alone")
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
