import csv
import io
import json
from dataclasses import replace

import pandas as pd
import pytest

from spurgen.harness.board.columns import COLUMNS, keys
from spurgen.harness.board.formats import (
    board_latex,
    board_markdown,
    latex_figure,
    latex_table,
    lines_latex,
    overview_table,
    to_csv,
    to_json,
    to_markdown,
)
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.schema import SCHEMA_VERSION, Board, Leaderboard


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


ACCESS = {"high": "train_groups", "partial": "none"}


def ranked(**rows):
    """A board's rows, from (robust accuracy, first rank, last rank)."""
    return [
        {"submission": name, "access": ACCESS.get(name, "envs"), "ranked": True, "first_rank": first,
         "last_rank": last, "of": 4, "robust_accuracy": value}
        for name, (value, first, last) in rows.items()
    ]  # fmt: skip


TASKS = {
    "image": ranked(high=(0.949, 1, 1), low=(0.944, 1, 2), partial=(0.1, 3, 3)),
    "text": ranked(low=(0.3, 2, 3), high=(1.0, 1, 1), **{"odd<": (0.2, 4, 4)}),
    "other": ranked(other=(0.5, 1, 1)),
    "empty": [],
}
LABELS = ("high", "low", "partial", "odd<", "nowhere")


def overview(read_table, **sets):
    tasks = {name: Board(part, (), (), "world", 5) for name, part in TASKS.items()}
    overall = {name: Board(part, (), (), "world", 5) for name, part in sets.items()}
    board = Leaderboard("tiny", "0", tasks, overall)
    lines = read_table(overview_table(board, ("image", "text", "empty"), LABELS))
    return list(lines[0]), [list(line.values()) for line in lines]


def test_a_line_has_the_mean_and_every_task_with_the_rank_interval_the_best_tier_first(read_table):
    sets = {"mine": ranked(high=(0.97, 1, 1), low=(0.62, 2, 2)), "other": ranked(low=(0.6, 1, 1))}
    head, lines = overview(read_table, **sets)
    assert head == ["Given", "Submission", "Mean, mine", "image", "text"]
    assert lines == [
        ["counterexamples marked in train", "high", "0.97 (1 of 4)", "0.95 (1 of 4)", "1.00 (1 of 4)"],
        ["environments", "low", "0.62 (2 of 4)", "0.94 (1-2 of 4)", "0.30 (2-3 of 4)"],
        ["labels alone", "partial", "", "0.10 (3 of 4)", ""],
        ["environments", "odd&lt;", "", "", "0.20 (4 of 4)"],
    ]


@pytest.mark.parametrize("sets", [{}, {"mine": []}])
def test_without_a_ranked_set_there_is_no_mean(read_table, sets):
    head, lines = overview(read_table, **sets)
    assert head == ["Given", "Submission", "image", "text"]
    assert [line[1] for line in lines] == ["high", "low", "partial", "odd&lt;"]


def test_of_ladders_there_is_a_column_each_with_the_counterexamples_needed(ladder_board, ladder_suite, read_table):
    lines = read_table(overview_table(ladder_board, ladder_suite.tasks, ("erm", "subg", "nobody")))
    assert list(lines[0]) == ["Given", "Submission", "few-text"]  # nobody climbed the other
    rows = {row["submission"]: row for row in ladder_board.overall["few-text"].rows}
    assert [(line["Submission"], line["few-text"]) for line in lines] == [
        (name, rows[label]["counterexamples_text"])
        for label, name in {"erm": "ERM", "subg": "subg"}.items()  # a stranger of ERM's tier is the best
    ]


def test_rows_that_are_not_ranked_are_left_out(ladder_board, ladder_suite, read_table):
    (few,) = [row["submission"] for row in ladder_board.overall["few-text"].few]
    assert few == "short"
    lines = read_table(overview_table(ladder_board, ladder_suite.tasks, ("short", "erm")))
    assert [line["Submission"] for line in lines] == ["ERM"]


LINES = [
    {"submission": "best", "ranked": True, "first_rank": 1, "last_rank": 1, "robust_accuracy": 0.9, "to_erm": 0.4,
     "to_erm_verdict": "better"},
    {"submission": "erm_1", "ranked": True, "first_rank": 2, "last_rank": 2, "robust_accuracy": 0.5, "to_erm": -0.1},
]  # fmt: skip


def row_of(text, name):
    return next(line for line in text.splitlines() if line.startswith(name))


def test_the_rows_that_no_other_exceeds_are_bold(typeset):
    text = lines_latex([("Access: none", LINES)], "name", "A caption.")
    assert row_of(text, "best") == r"best & \textbf{0.900} & +0.400 better \\"
    assert row_of(text, r"erm\_1") == r"erm\_1 & 0.500 & $-$0.100 \\"
    assert typeset(text) == []


def test_where_all_are_tied_and_where_none_is_ranked_nothing_is_bold():
    tied = [line | {"first_rank": 1, "last_rank": 2} for line in LINES]
    loose = [{"submission": "few", "ranked": False, "robust_accuracy": 0.99}]
    assert "textbf" not in lines_latex([("Access: none", tied), ("Fewer", loose)], "name", "A caption.")


def test_a_narrow_table_has_fewer_columns_over_one_column():
    lines = [line | {"ig": -1.0} for line in LINES]
    wide, narrow = (lines_latex([("Access: none", lines)], "name", "A caption.", columns) for columns in (2, 1))
    assert r"\begin{table*}" in wide
    assert "& IG &" in wide
    assert r"\begin{table}" in narrow
    assert "IG" not in narrow


@pytest.mark.parametrize("name", ["&%$#_{}~^\\", "[x] | <y>", "漢\n字"])
def test_strangers_names_and_captions_are_text(typeset, name):
    text = lines_latex([(name, [LINES[0] | {"submission": name}])], "name", name)
    assert typeset(text) == []


def test_cells_are_latex_and_all_else_is_plain_text_and_a_figure_is_named_by_its_file():
    text = latex_table(["a_b"], [("c_d", [[r"\textbf{1}"]])], "50 %", "tab:x", 1)
    for part in (r"a\_b \\", r"\emph{c\_d}", r"\textbf{1} \\", r"\caption{50 \%}"):
        assert part in text
    assert r"\includegraphics{dose}" in latex_figure("dose", "A caption.", 2)
    assert latex_figure("dose", "A caption.", 1).startswith(r"\begin{figure}[t]")


def test_a_ladders_table_has_its_columns_and_fits_the_page(ladder_board, typeset):
    part = ladder_board.overall["few-text"]
    wide, narrow = (board_latex(part, "ladder", "A caption.", columns) for columns in (2, 1))
    assert "Accuracy if misled & Counterexamples & Follows & WGA & SSS & IG & To ERM" in wide
    assert r" & \textbf{" in wide or all((row["first_rank"], row["last_rank"]) != (1, 1) for row in part.rows)
    assert "Counterexamples" in narrow
    assert r"\emph{Access: val\_groups}" in wide
    assert r"\label{tab:spurgen-ladder}" in wide
    assert typeset(wide + narrow) == []


def lines_of(board):
    return list(csv.DictReader(io.StringIO(to_csv(board), newline="")))


def eight(value):
    """A number to eight significant digits."""
    return float(f"{value:.8g}")


def records(part):
    """The rows of a board's JSON as mappings, without what is null."""
    rows = (dict(zip(part["columns"], row, strict=True)) for row in part["rows"])
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def test_json_has_the_version_first_and_every_row(board):
    record = json.loads(to_json(board))
    assert next(iter(record)) == "schema_version"
    assert record["schema_version"] == SCHEMA_VERSION
    part, shown = record["tasks"]["small-text"], board.tasks["small-text"]
    assert (part["unit"], part["asked"], part["told_apart"]) == ("seed", 5, shown.told_apart)
    row, first = records(part)[0], shown.rows[0]
    known = {key: value for key, value in first.items() if value is not None}
    assert row == {k: eight(value) if isinstance(value, float) else value for k, value in known.items()} | {
        "unit": "seed"
    }
    by_name = {line["submission"]: line for line in records(part)}
    unranked = {"submission": "gone", "access": "none", "ranked": False, "units": 1, "unit": "seed"}
    assert by_name["gone"] == unranked | {"reason": "failed with seed 0: boom|"}
    assert not by_name["short"]["ranked"]
    both = record["overall"]["both"]
    assert both["tasks"] == ["small-text", "small-image"]


def test_json_refuses_nan(board):
    row = board.tasks["small-text"].rows[0] | {"seconds": float("nan")}
    part = replace(board.tasks["small-text"], rows=[row])
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(replace(board, tasks={"small-text": part}))


def test_csv_is_the_frame(board):
    lines, frame = lines_of(board), board.to_pandas()
    assert list(lines[0]) == list(frame)
    assert [line["task"] for line in lines] == frame["task"].tolist()
    shown = ("first_rank", "units", "reason", "robust_accuracy", "to_erm_low", "sss_by_channel.color")
    for line, row in zip(lines, frame.to_dict("records"), strict=True):
        for key in shown:
            value = row[key]
            assert line[key] == ("" if pd.isna(value) else f"{value:.8g}" if isinstance(value, float) else str(value))


def test_csv_text_is_never_a_formula(suite, make_row, board):
    assert {"erm", "gone", "'=<b>|x|`["} <= {line["submission"] for line in lines_of(board)}
    for first in "=+-@\t\r":
        rows = {f"{first}1": {"small-text": make_row(suite, 0.9, submission=f"m\r{first}2")}}
        (line,) = lines_of(build(suite, rows))
        assert line["submission"] == f"'{first}1".replace("\r", " ")
        assert line["name"] == f"m {first}2".replace("\r", " ")


def test_csv_has_eight_digits(suite, make_row):
    board = build(suite, {"a": {"small-text": make_row(suite, 0.9)}})
    part = board.tasks["small-text"]
    shown = replace(part, few=[row | {"seconds": 1 / 3} for row in part.few], rows=[])
    (line,) = lines_of(replace(board, tasks={"small-text": shown}))
    assert line["seconds"] == "0.33333333"


def test_files_have_a_ladders_rows_with_numbers_and_bounds(ladder_board):
    lines = {(line["task"], line["submission"]): line for line in lines_of(ladder_board)}
    record = json.loads(to_json(ladder_board))["overall"]["few-text"]
    assert record["tasks"] == ["few-text-4", "few-text-16"]
    for row in records(record):
        of_csv = lines["few-text", row["submission"]]
        for key in ("counterexamples", "counterexamples_low", "robust_accuracy", "follows_by_channel.hue"):
            assert (float(of_csv[key]) if of_csv[key] else None) == pytest.approx(row.get(key)), key
        assert of_csv["counterexamples_text"] == row.get("counterexamples_text", "")
    by_label = {row["submission"]: row for row in records(record)}
    assert by_label["erm"]["counterexamples_text"] == ">16"
    assert "counterexamples" not in by_label["erm"]  # more than the ladder shows is no number
    assert by_label["subg"]["counterexamples"] == pytest.approx(
        next(row for row in ladder_board.overall["few-text"].rows if row["submission"] == "subg")["counterexamples"]
    )
    assert lines["few-text-4", "erm"]["follows"]
