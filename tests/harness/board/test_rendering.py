import re
from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.rendering import (
    BRIEF,
    NOTE,
    SEED_MARKS,
    as_text,
    overall_table,
    task_table,
    to_markdown,
    to_terminal,
)


@pytest.fixture
def table(task_board, read_table):
    """Return a function that reads the table of a task, whose rows are given by label, as a dict per submission."""
    return lambda *rows: {line["Submission"]: line for line in read_table(task_table(task_board(*rows).rows))}


def test_names_and_reasons_are_text_in_markdown_and_readable_in_a_terminal(board):
    markdown = to_markdown(board)
    assert "=&lt;b&gt;\\|x\\|'\\[" in markdown
    assert "| <b>" not in markdown
    assert "Not ranked: gone: failed with seed 0: boom\\|  " in markdown
    assert "=<b>\\|x\\|'\\[" in to_terminal(board)


def test_a_terminal_shows_the_named_tasks_and_marks_ones_own_row(suite, make_row):
    tasks = ("small-text", "small-image")
    rows = {label: {task: make_row(suite, 0.9, task=task) for task in tasks} for label in ("mine", "other")}
    board = build(replace(suite, overall={"both": tasks}), rows)
    assert all(f"## {title}" in to_terminal(board) for title in (*tasks, "Overall, both"))
    text = to_terminal(board, {"small-text"}, {"mine"})
    assert "## small-text" in text
    assert "small-image" not in text
    assert text.count("> mine") == 1
    assert "`>`: your row" in text
    assert "> other" not in text
    assert to_terminal(board, tasks, {"mine"}).count("> mine") == 3


def test_a_task_table_shows_intervals_seeds_and_the_difference_to_erm(board, read_table):
    rows = board.tasks["small-text"].rows
    first, second = read_table(task_table(rows))
    assert (first["Seeds"], second["Seeds"]) == ("1*", "2")
    assert (first["To ERM"], second["To ERM"]) == (f"{rows[0].against_erm.difference:+.3f}", "")
    low, high = rows[1].estimates["wga"].ends
    assert second["WGA"] == f"{rows[1].value('wga'):.3f} [{low:.3f}, {high:.3f}]"
    assert second["Verified"] == "self-reported"


def test_a_row_that_does_not_differ_from_erm_has_no_verdict(make_row, suite, table):
    lines = table({label: make_row(suite, 0.8) for label in ("erm", "twin")})
    assert {label: line["To ERM"] for label, line in lines.items()} == {"erm": "", "twin": "+0.000"}
    assert {(line["Seeds"], line["Rank"]) for line in lines.values()} == {("1?", "1=")}


def test_a_row_better_than_erm_is_called_better(make_row, suite, table):
    lines = table({label: make_row(suite, q, range(4)) for label, q in (("erm", 0.6), ("good", 1.0))})
    assert lines["erm"]["To ERM"] == ""
    assert lines["good"]["To ERM"].endswith(" better")


def test_a_row_that_ignores_the_core_cue_is_marked(make_row, suite, table):
    assert list(table({"a": make_row(suite, 0.6, arrays={"core": np.full(24, 0.1)})})) == ["a (ignores the core cue)"]


def test_each_set_of_tasks_has_a_table_and_its_reasons(board, read_table):
    overall = to_markdown(board).partition("## Overall, both: mean over small-text, small-image\n")[2]
    assert "Not ranked: gone: small-text: failed with seed 0: boom\\|  " in overall
    part = board.overall["both"]
    first, second = read_table(overall_table(part.rows))
    assert (first["Rank"], second["Submission"], first["Seeds"], second["Seeds"]) == ("1=", "erm", "1*", "2")
    low, high = part.rows[1].estimates["wga"].ends
    assert second["Mean WGA"].endswith(f"[{low:.3f}, {high:.3f}]")
    assert "Overall" not in to_markdown(replace(board, overall={}))


def test_a_terminal_gets_a_brief_note_with_the_page_that_explains_the_rest(board):
    assert to_terminal(board).splitlines()[2] == BRIEF
    assert to_markdown(board).splitlines()[2] == NOTE


def test_every_mark_is_explained():
    assert all(f"`{mark}`" in NOTE for mark in ("=", *filter(None, SEED_MARKS.values())))


def test_no_escape_sequence_reaches_a_terminal():
    assert as_text("a\x1b[2J\nb") == "a \\[2J b"


def test_the_private_gap_has_a_column_where_a_row_has_one(make_row, suite, table):
    rows = {name: make_row(suite, 0.9) for name in "abc"}
    private = {"b": make_row(suite, 0.8)}
    gaps = {name: line["Private gap"] for name, line in table(rows, private).items()}
    gap, low, high = map(float, re.findall(r"[+-]\d\.\d{3}", gaps.pop("b")))
    assert gaps == {"a": "", "c": ""}
    assert gap == pytest.approx(rows["b"].mean("wga") - private["b"].mean("wga"), abs=5e-4)
    assert low < gap < high
    assert "Private gap" not in table(rows)["a"]


def test_the_wga_by_checkpoint_rule_has_a_column_where_a_row_has_several(make_row, suite, table):
    rules = {"last": {"wga": 0.25, "accuracy": 0.9}, "val_accuracy": {"wga": 0.5, "accuracy": 0.8}}
    all_rules = rules | {"val_wga": {"wga": 0.75}, "val_robust": {"wga": 0.625}}
    rows = {"a": rules, "b": rules | {"val_wga": {"wga": 0.75}}, "c": {}, "d": all_rules}
    rows = {label: make_row(suite, 0.9, rules=by_rule) for label, by_rule in rows.items()}
    by_rule = {label: line["By rule"] for label, line in table(rows).items()}
    assert by_rule == {
        "a": "0.250 / 0.500 / -",
        "b": "0.250 / 0.500 / 0.750",
        "c": "",
        "d": "0.250 / 0.500 / 0.750 / 0.625",
    }
    assert "By rule" not in table({"c": rows["c"]})["c"]
