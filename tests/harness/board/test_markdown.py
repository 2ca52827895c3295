from dataclasses import replace

import pytest

from spurgen.harness.board.columns import COLUMNS, keys
from spurgen.harness.board.formats import board_markdown, to_markdown
from spurgen.harness.board.schema import Leaderboard


@pytest.fixture
def read(read_table):
    """Return a function that reads all tables of a board as a dict per submission."""

    def lines(part):
        tables = [text for text in board_markdown(part) if text.startswith("| ")]
        return {line["Submission"]: line for text in tables for line in read_table(text)}

    return lines


@pytest.fixture
def table(task_board, read):
    """Return a function that reads the tables of a task, whose rows are given by label."""
    return lambda *rows: read(task_board(*rows))


def test_names_and_reasons_are_text_in_markdown(board):
    markdown = to_markdown(board)
    assert "=&lt;b&gt;\\|x\\|'\\[" in markdown
    assert "| <b>" not in markdown
    assert "Not ranked: gone: failed with seed 0: boom\\|" in markdown


def test_a_board_per_access_tier_the_best_first_and_what_no_real_data_have_last(
    suite, make_row, make_baselines, task_board
):
    rows = make_baselines() | {"seer": make_row(suite, 1.0, range(5), access="twins")}
    text = to_markdown(Leaderboard("tiny", "0", {"small-text": task_board(rows)}, {}))
    heads = [line for line in text.splitlines() if line.startswith("### ")]
    best = {
        row["access"]: row["robust_accuracy"] for row in reversed(task_board(rows).rows) if row["access"] != "twins"
    }
    tiers = [*sorted(best, key=best.get, reverse=True), "twins, which real data rarely have"]
    assert len(set(best.values())) == len(best) == 4
    assert heads == [f"### Access: {tier}" for tier in tiers]
    assert f"Pairs of baselines told apart, over all tiers: {task_board(rows).told_apart:.0%}." in text


def test_a_table_shows_rank_interval_letters_and_the_difference_to_erm(board, read):
    part = board.tasks["small-text"]
    row = next(row for row in part.rows if row["submission"] == "group_dro")
    first = read(part)["group_dro"]
    assert (first["Rank"], first["Letter"], first["Worlds"]) == ("1", "a", "5")
    low, high = row["robust_accuracy_low"], row["robust_accuracy_high"]
    assert first["Accuracy if misled"] == f"{row['robust_accuracy']:.3f} [{low:.3f}, {high:.3f}]"
    assert first["To ERM"] == f"{row['to_erm']:+.3f} better"
    assert first["WGA"] == f"{row['wga']:.3f}"
    assert first["Verified"] == "self-reported"
    assert "Access" not in first


@pytest.mark.parametrize(("ranks", "text"), [((2, 2), "2"), ((2, 5), "2-5")])
def test_a_rank_interval_is_one_number_where_it_is_sure(board, read, ranks, text):
    part = board.tasks["small-text"]
    rows = [row | {"first_rank": ranks[0], "last_rank": ranks[1]} for row in part.rows]
    assert {line["Rank"] for line in read(replace(part, rows=rows, few=[])).values()} == {text}


def test_rows_with_few_units_have_a_block_of_their_own_without_ranks(board, read_table):
    text = to_markdown(board).partition("## small-text")[2]
    block = text.partition("### Fewer than 5 seeds: not ranked among the others\n\n")[2].partition("\n\n")[0]
    (line,) = read_table(block)
    assert (line["Submission"], line["Access"], line["Worlds"]) == ("short", "none", "2")
    assert "Rank" not in line


def test_metrics_that_rows_lack_have_no_column(board, read):
    part = board.tasks["small-text"]
    tier = [row for row in part.rows if row["access"] == "train_groups"]
    lacking = [{key: value for key, value in row.items() if key != "follows"} for row in tier]
    assert all("Follows" not in line for line in read(replace(part, rows=lacking, few=[])).values())
    has = lacking[0] | {"follows": 0.25}
    lines = read(replace(part, rows=[has, *lacking[1:]], few=[]))
    assert {line["Follows"] for line in lines.values()} == {"0.250", ""}


def test_each_set_of_tasks_has_tables_and_its_reasons(board, read):
    overall = to_markdown(board).partition("## Overall, both: mean over small-text, small-image\n")[2]
    assert "Not ranked: gone: small-text: failed with seed 0: boom\\|" in overall
    assert "### Fewer than 5 seeds: not ranked among the others" in overall
    part = board.overall["both"]
    low, high = part.rows[0]["robust_accuracy_low"], part.rows[0]["robust_accuracy_high"]
    line = read(replace(part, rows=part.rows[:1], few=[])).popitem()[1]
    assert line["Accuracy if misled"].endswith(f"[{low:.3f}, {high:.3f}]")
    assert "Overall" not in to_markdown(replace(board, overall={}))


def test_the_file_says_what_each_column_means(board):
    text = to_markdown(board)
    for key in keys("brief", "wide"):
        assert f"- {COLUMNS[key].title}: {COLUMNS[key].about}." in text


def test_no_zero_is_negative(board, read):
    part = board.tasks["small-text"]
    row = part.rows[0] | {"ig": -0.001}
    assert read(replace(part, rows=[row], few=[])).popitem()[1]["IG"] == "+0.00"


def test_lines_have_no_value_of_another_type_than_the_frame(board):
    for line in board.tasks["small-text"].lines:
        assert all(isinstance(value, str | int | float | bool | None) for value in line.values()), line
