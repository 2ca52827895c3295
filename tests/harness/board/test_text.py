from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.text import Text

from spurgen.harness.board.columns import CHANNEL, cell
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.text import PLAIN_WIDTH, first_to_text, to_text

MANIFEST = "Manifest: "


def line_of(text, name):
    return next(line for line in text.splitlines() if f" {name} " in f" {line} ")


def test_few_columns_fit_80_characters(board):
    text = to_text(board, width=80)
    tabular = [line for line in text.splitlines() if not line.startswith((MANIFEST, "Not ranked", "##"))]
    assert max(map(cell_len, tabular)) <= 80
    assert "Rank   Letter   Submission" in text
    row = board.tasks["small-text"].rows[-2]
    against = [f"{row['to_erm']:+.3f}", row["to_erm_verdict"]]
    line = line_of(text, row["submission"])
    assert line.split() == [
        "1",
        "a",
        row["submission"],
        *cell("robust_accuracy", row).split(),
        f"{row['follows']:.3f}",
        *against,
    ]
    assert "WGA" not in text


@pytest.mark.parametrize(("width", "absent"), [(68, "Letter"), (58, "Follows"), (50, "To ERM")])
def test_columns_that_do_not_fit_are_left_out_and_the_interval_never_is(board, width, absent):
    text = to_text(board, width=width)
    heads = [line for line in text.splitlines() if line.startswith("Rank  ")]
    assert heads
    assert not [head for head in heads if absent in head]
    row = board.tasks["small-text"].rows[0]
    assert f"[{row['robust_accuracy_low']:.3f}, {row['robust_accuracy_high']:.3f}]" in text
    assert max(cell_len(line) for line in text.splitlines() if line.startswith("───")) <= width


def test_a_wide_terminal_shows_what_answers_follow_by_channel(board):
    text = to_text(board, width=140)
    assert "Follows   on color   on background   Uses the thing" in text
    assert "on color   on background" in to_text(board, wide=True)
    assert "on color" not in to_text(board, width=80).partition("## small")[2]


def test_channels_that_do_not_all_fit_are_all_left_out(board):
    part = board.tasks["small-text"]
    many = {f"{CHANNEL}channel-{k}": 0.1 for k in range(9)}
    rows = [row | many for row in part.rows]
    text = to_text(replace(board, tasks={"small-text": replace(part, rows=rows)}, overall={}), width=140)
    assert "on channel-0" not in text.partition("## small-text")[2]
    assert "To ERM" in text


def test_a_long_name_continues_on_the_next_line(board):
    part = board.tasks["small-text"]
    long = part.rows[0] | {"submission": "x" * 70}
    text = to_text(replace(board, tasks={"small-text": replace(part, rows=[long], few=[])}, overall={}), width=80)
    assert text.count("x") >= 70
    assert max(cell_len(line) for line in text.splitlines() if "xx" in line) <= 80


@pytest.mark.parametrize("width", range(60, 120, 4))
def test_a_usual_name_stands_on_one_line_where_rows_with_few_units_have_another_column(board, width):
    part = board.tasks["small-text"]
    assert part.few
    named = [part.rows[0] | {"submission": "reweight_crt"}, *part.rows[1:]]
    shown = replace(board, tasks={"small-text": replace(part, rows=named)}, overall={})
    assert "reweight_crt" in to_text(shown, width=width)


def test_the_same_columns_are_as_wide_in_the_tables_of_a_task(board):
    heads = [line for line in to_text(board, ["small-text"]).splitlines() if line.startswith("Rank  ")]
    assert len(heads) == 4
    assert len({*heads}) == 1


def test_own_rows_are_marked_by_a_sign_and_with_colours_also_by_colour(suite, make_row):
    tasks = ("small-text", "small-image")
    rows = {label: {task: make_row(suite, 0.9, range(5), task=task) for task in tasks} for label in ("mine", "other")}
    board = build(replace(suite, overall={"both": tasks}), rows)
    text = to_text(board, mine={"mine"})
    assert text.count("> mine") == 3
    assert "> other" not in text
    assert ">: your row" in " ".join(text.split())
    assert "your row" not in to_text(board)
    coloured = to_text(board, mine={"mine"}, colour=True)
    assert "\x1b[" in coloured
    assert Text.from_ansi(coloured).plain.split() == text.split()
    only = to_text(board, {"small-text"}, {"mine"})
    assert "## small-text" in only
    assert "small-image" not in only


def test_tiers_few_units_and_reasons_have_their_blocks(board):
    text = to_text(board)
    part = text.partition("## small-text")[2].partition("## ")[0]
    tiers = list(
        dict.fromkeys(
            row["access"] for row in sorted(board.tasks["small-text"].rows, key=lambda r: -r["robust_accuracy"])
        )
    )
    assert len(tiers) == 4
    assert [line for line in part.splitlines() if line.startswith("Access: ")] == [f"Access: {tier}" for tier in tiers]
    assert "Fewer than 5 seeds: not ranked among the others" in part
    assert "Not ranked: gone: failed with seed 0: boom|" in part
    assert f"Pairs of baselines told apart, over all tiers: {board.tasks['small-text'].told_apart:.0%}." in part
    assert "## Overall, both: mean over small-text, small-image" in text
    assert text.splitlines()[0] == "# SpurGen tiny leaderboard"
    assert f"{MANIFEST}{board.manifest_sha256}" in text


def test_the_first_board_is_that_of_a_set_of_tasks_with_the_best_row_last_and_fits_a_screen(board):
    text = first_to_text(board)
    assert "SpurGen tiny: means over small-text, small-image\n" in text
    assert max(map(cell_len, text.splitlines())) <= PLAIN_WIDTH == 80
    assert len(text.splitlines()) <= 24
    (whole,) = board.overall.values()
    rows = {row["submission"]: row for row in (*whole.few, *whole.rows)}
    shown = [name for line in text.splitlines() for name in rows if f" {name} " in f" {line} "]
    best = {row["access"]: row for row in sorted(whole.rows, key=lambda row: row["robust_accuracy"])}  # of each tier
    order = sorted(best.values(), key=lambda row: row["robust_accuracy"])
    assert [name for name in shown if name in {row["submission"] for row in order}] == [
        row["submission"] for row in order
    ]
    assert "erm" in shown
    assert f" {order[-1]['submission']} " in f" {text.splitlines()[-1]} "
    assert text.splitlines()[-1].startswith(order[-1]["access"])
    assert f"the best of all last; {len(rows) - len(shown)} more: --all\n" in text
    assert "short" not in shown  # it has too few units
    assert " > short " in first_to_text(board, {"short"})


def test_of_the_rows_that_are_not_ranked_on_the_first_board_ones_own_have_their_reason(board):
    assert "\nNot ranked: 1 rows; --all says why.\n" in first_to_text(board)
    text = first_to_text(board, {"gone"})
    assert "Not ranked: gone: small-text: failed with seed 0: boom|" in text
    assert "--all says why" not in text


def test_without_sets_of_tasks_the_first_board_is_that_of_a_task(board):
    text = first_to_text(replace(board, overall={}))
    assert f"SpurGen tiny: {next(iter(board.tasks))}\n" in text
    assert "small-text" not in text or "small-image" not in text


def test_no_escape_sequence_or_markup_of_a_name_is_obeyed(board):
    part = board.tasks["small-text"]
    evil = part.rows[0] | {"submission": "[red]a\x1b[2J\nb[/red]"}
    text = to_text(replace(board, tasks={"small-text": replace(part, rows=[evil])}, overall={}), wide=True)
    assert "\x1b" not in text
    assert "[red]a?[2J b[/red]" in text


def test_the_text_does_not_depend_on_the_environment(board, monkeypatch):
    before = to_text(board)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert to_text(board) == before
    assert max(map(cell_len, before.splitlines())) <= max(PLAIN_WIDTH, len(MANIFEST) + 64)


def test_a_ladder_fits_80_characters_with_its_own_columns_and_the_best_row_last(ladder_board):
    text = first_to_text(ladder_board, width=80)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "SpurGen steps: Ladder few-text: mean over 4, 16 counterexamples" in text
    assert "Accuracy if misled" in text
    assert "Counterexamples" in text
    row = ladder_board.overall["few-text"].rows[0]
    assert row["counterexamples_text"] in line_of(text, row["submission"])
    assert row["submission"] in text.splitlines()[-1]


def test_all_columns_of_a_ladder_in_reading_order(ladder_board):
    text = to_text(ladder_board, wide=True)
    heads = [line.split("   ") for line in text.splitlines() if line.startswith("Rank  ")]
    shown = [title.strip() for title in heads[-1] if title.strip()]
    assert shown == [
        "Rank", "Letter", "Submission", "Accuracy if misled", "Lowest where", "Agreeing", "Neutral", "Counterexamples",
        "Follows", "on hue", "on wall", "Uses the thing", "WGA", "Accuracy", "SSS", "IG", "To ERM", "Worlds",
    ]  # fmt: skip
    on_rung = [title.strip() for title in heads[0] if title.strip()]
    assert on_rung == [title for title in shown if title != "Counterexamples"] + ["Verified"]
