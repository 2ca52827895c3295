import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from spurgen.harness.board.rendering import (
    NOTE,
    as_text,
    board_table,
    rank_text,
    set_columns,
    task_columns,
    to_markdown,
)
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.statistics.estimate import Estimate

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])  # as GitHub reads it


@pytest.fixture
def table(task_board, read_table):
    """Return a function that reads the tables of a task, whose rows are given by label, as a dict per submission."""

    def read(*rows):
        part = task_board(*rows)
        tables = [board_table(shown, task_columns, part.unit) for shown in (part.rows, part.few) if shown]
        return {line["Submission"]: line for text in tables for line in read_table(text)}

    return read


def test_names_and_reasons_are_text_in_markdown(board):
    markdown = to_markdown(board)
    assert "=&lt;b&gt;\\|x\\|'\\[" in markdown
    assert "| <b>" not in markdown
    assert "Not ranked: gone: failed with seed 0: boom\\|  " in markdown


def test_a_board_per_access_tier_with_what_no_real_data_have_named(suite, make_row, make_baselines, task_board):
    rows = make_baselines() | {"seer": make_row(suite, 1.0, range(5), access="twins")}
    text = to_markdown(Leaderboard("tiny", "0", {"small-text": task_board(rows)}, {}))
    heads = [line for line in text.splitlines() if line.startswith("### ")]
    tiers = ("none", "envs", "val_groups", "train_groups", "twins, which no real data have")
    assert heads == [f"### Access: {tier}" for tier in tiers]
    share = task_board(rows).told_apart
    assert f"Pairs of baselines told apart, over all tiers: {share:.0%}." in text


def test_a_table_shows_rank_interval_letters_and_the_difference_to_erm(board, read_table):
    part = board.tasks["small-text"]
    rows = [row for row in part.rows if row.access == "train_groups"]
    first, second = read_table(board_table(rows, task_columns, part.unit))
    assert (first["Submission"], first["Rank"], first["Letter"], first["Seeds"]) == ("group_dro", "1", "a", "5")
    assert (second["Rank"], second["Letter"]) == ("2", "b")
    (low, high), value = rows[0].ranked_by.ends, rows[0].ranked_by.value
    assert first["Robust accuracy"] == f"{value:.3f} [{low:.3f}, {high:.3f}]"
    assert first["Lowest"] == f"{rows[0].robust_accuracy_lowest:.3f}"
    assert first["To ERM"] == f"{rows[0].against_erm.difference:+.3f} better"
    assert first["WGA"] == f"{rows[0].value('wga_corrected'):.3f}"
    assert first["Verified"] == "self-reported"
    assert "Access" not in first


@pytest.mark.parametrize(("ranks", "text"), [(None, ""), ((2, 2), "2"), ((2, 5), "2-5")])
def test_a_rank_interval_is_one_number_where_it_is_sure(board, ranks, text):
    assert rank_text(replace(board.tasks["small-text"].rows[0], ranks=ranks)) == text


def test_rows_with_few_units_have_a_block_of_their_own_without_ranks(board, read_table):
    text = to_markdown(board).partition("## small-text")[2]
    block = text.partition("### Fewer than 5 seeds: not ranked among the others\n\n")[2].partition("\n\n")[0]
    (line,) = read_table(block)
    assert (line["Submission"], line["Access"], line["Seeds"]) == ("short", "none", "2")
    assert "Rank" not in line


def test_worlds_are_called_worlds(board):
    part = replace(board.tasks["small-text"], unit="world")
    text = to_markdown(replace(board, tasks={"small-text": part}, overall={}))
    assert "Fewer than 5 worlds" in text
    assert "| Worlds " in text
    assert "| Seeds " not in text


def test_metrics_that_rows_lack_have_no_column(board, read_table):
    part = board.tasks["small-text"]
    assert "Reliance" not in read_table(board_table(part.rows, task_columns, part.unit))[0]
    known = {"reliance": Estimate(0.25), "reliance_total": Estimate(0.5)}
    has = replace(part.rows[0], estimates=part.rows[0].estimates | known)
    first, second = read_table(board_table([has, part.rows[1]], task_columns, part.unit))
    assert (first["Reliance"], second["Reliance"]) == ("0.250", "")
    assert (first["Total reliance"], second["Total reliance"]) == ("0.500", "")
    assert "Core use" not in first


def test_the_floor_is_that_of_a_single_nuisance_where_rows_have_it(board, read_table):
    part = board.tasks["small-text"]
    single = replace(part.rows[0], estimates=part.rows[0].estimates | {"sss_floor": Estimate(0.05)})
    first, second = read_table(board_table([single, part.rows[1]], task_columns, part.unit))
    assert (first["SSS (floor)"], second["SSS (floor)"]) == ("0.200 (0.050)", "0.200 (0.100)")


def test_a_row_that_ignores_the_core_cue_is_marked(make_row, suite, table):
    assert list(table({"a": make_row(suite, 0.6, arrays={"core": np.full(24, 0.1)})})) == ["a (ignores the core cue)"]


def test_each_set_of_tasks_has_tables_and_its_reasons(board, read_table):
    overall = to_markdown(board).partition("## Overall, both: mean over small-text, small-image\n")[2]
    assert "Not ranked: gone: small-text: failed with seed 0: boom\\|  " in overall
    assert "### Fewer than 5 seeds: not ranked among the others" in overall
    part = board.overall["both"]
    line = read_table(board_table(part.rows, set_columns, part.unit))[0]
    low, high = part.rows[0].ranked_by.ends
    assert line["Mean robust accuracy"].endswith(f"[{low:.3f}, {high:.3f}]")
    assert "Gap recovered" not in line
    some = replace(part.rows[0], recovered=Estimate(0.5, 0.4, 0.6))
    assert read_table(board_table([some], set_columns, part.unit))[0]["Gap recovered"] == "0.50 [0.40, 0.60]"
    assert "Overall" not in to_markdown(replace(board, overall={}))


def test_the_file_has_the_whole_note(board):
    assert to_markdown(board).splitlines()[2] == NOTE


def test_no_escape_sequence_reaches_a_terminal():
    assert as_text("a\x1b[2J\nb") == "a \\[2J b"


def test_names_of_methods_stay_as_they_are():
    assert as_text("group_dro-lr=1e-3+a.b_c") == "group_dro-lr=1e-3+a.b_c"


def in_a_cell(text):
    """Return what Markdown shows in the cell of a table that has a text."""
    tokens = MARKDOWN.parse(f"| x | y |\n|---|---|\n| {as_text(text)} | z |\n")
    first, last = [token for token in tokens if token.type == "inline"][2:]
    assert last.content == "z"
    return plain(first)


def in_a_line(text):
    """Return what Markdown shows of a text on a line of its own."""
    (token,) = [token for token in MARKDOWN.parse(f"Not ranked: {as_text(text)}  ") if token.type == "inline"]
    return plain(token).removeprefix("Not ranked: ")


def plain(token):
    """Return the text of an inline token; fail if it has anything else."""
    assert {child.type for child in token.children} <= {"text", "text_special"}
    return "".join(child.content for child in token.children)


@pytest.mark.parametrize(
    "text", ["\\[click](http://evil.example)", "a\\|b", "*a* **b** _c_ __d__ ~e~ ~~f~~", "!\\[x](y)", "\\`a`\\", "a\\"]
)
def test_markup_in_a_name_or_reason_is_shown_and_has_no_effect(text):
    assert in_a_cell(text) == in_a_line(text) == text.replace("`", "'")


@given(st.text("\\[]()!*_~|`<>&a1 ;#\u2014", min_size=1).map(str.strip).filter(bool))
def test_no_text_has_an_effect_in_markdown(text):
    assert in_a_cell(text) == in_a_line(text) == text.replace("`", "'")


def robust(row):
    return min(row.results[0].patterns.values())


def test_the_private_gap_has_a_column_where_a_row_has_one(make_row, suite, table):
    rows = {name: make_row(suite, 0.9) for name in "abc"}
    private = {"b": make_row(suite, 0.8)}
    gaps = {name: line["Private gap"] for name, line in table(rows, private).items()}
    gap, low, high = map(float, re.findall(r"[+-]\d\.\d{3}", gaps.pop("b")))
    assert gaps == {"a": "", "c": ""}
    assert gap == pytest.approx(robust(rows["b"]) - robust(private["b"]), abs=5e-4)
    assert low < gap < high
    assert "Private gap" not in table(rows)["a"]
