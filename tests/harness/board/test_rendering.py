import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.rendering import (
    NOTE,
    SEED_MARKS,
    as_text,
    overall_table,
    task_table,
    to_csv,
    to_json,
    to_markdown,
    to_terminal,
)


@pytest.fixture
def result(suite, make_cell):
    """A board of two tasks and a set of both: ERM with two seeds, a better one with one seed, and a failed one."""
    tasks = ("small-text", "small-image")
    rows = {
        "erm": {task: [make_cell(suite, 0.6, seed, task) for seed in range(2)] for task in tasks},
        "=<b>|x|`[": {task: [make_cell(suite, 1.0, 0, task)] for task in tasks},
        "gone": {
            "small-text": [make_cell(suite, 1.0, error="boom|")],
            "small-image": [make_cell(suite, 0.9, 0, "small-image")],
        },
    }  # fmt: skip
    return build(replace(suite, overall={"both": tasks}), rows)


def test_names_are_text_in_every_format(result):
    markdown = to_markdown(result)
    assert "=&lt;b&gt;\\|x\\|'\\[" in markdown
    assert "| <b>" not in markdown
    assert "'=<b>|x|`[" in to_csv(result)
    assert "Not ranked: gone: failed with seed 0: boom\\|  " in markdown
    assert "=<b>\\|x\\|'\\[" in to_terminal(result)


def test_a_terminal_shows_the_asked_tasks_and_points_at_ones_own_row(suite, make_cell):
    tasks = ("small-text", "small-image")
    rows = {label: {task: [make_cell(suite, 0.9, task=task)] for task in tasks} for label in ("mine", "other")}
    board = build(replace(suite, overall={"both": tasks}), rows)
    assert all(f"## {title}" in to_terminal(board) for title in (*tasks, "Overall, both"))
    some = to_terminal(board, {"small-text"}, {"mine"})
    assert "## small-text" in some
    assert "small-image" not in some
    assert some.count("> mine") == 1
    assert "`>`: your row" in some
    assert "> other" not in some
    assert to_terminal(board, tasks, {"mine"}).count("> mine") == 3


def test_json_is_the_board(result):
    assert json.loads(to_json(result)) == json.loads(json.dumps(result))
    assert set(json.loads(to_json(result))["overall"]["both"]) == {"tasks", "rows", "unranked"}


def test_nan_is_never_written(result):
    result["tasks"]["small-text"]["rows"][0]["wga"] = float("nan")
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(result)


def test_a_task_table_tells_the_spread_the_seeds_and_erm(result, read_table):
    first, second = read_table(task_table(result["tasks"]["small-text"]))
    assert (first["Seeds"], second["Seeds"]) == ("1*", "2")
    assert (first["To ERM"], second["To ERM"]) == (f"{1 - result_wga(result, 'erm', 1):+.3f}", "")
    low, high = row_of(result, "erm")["wga_ci"]
    assert second["WGA"] == f"{row_of(result, 'erm')['wga']:.3f} [{low:.3f}, {high:.3f}]"
    assert second["Verified"] == "self-reported"


def row_of(result, label):
    return next(row for row in result["tasks"]["small-text"]["rows"] if row["submission"] == label)


def result_wga(result, label, seeds):
    """ERM's WGA on the seeds that both have."""
    better = next(row for row in result["tasks"]["small-text"]["rows"] if row["submission"] != label)
    assert better["against_erm"]["seeds"] == seeds
    return better["wga"] - better["against_erm"]["difference"]


def test_what_cannot_be_told_from_erm_has_no_verdict(suite, make_cell, read_table):
    rows = {label: {"small-text": [make_cell(suite, 0.8, 0)]} for label in ("erm", "twin")}
    part = build(suite, rows)["tasks"]["small-text"]
    assert [line["To ERM"] for line in read_table(task_table(part))] == ["", "+0.000"]
    assert [line["Seeds"] for line in read_table(task_table(part))] == ["1?", "1?"]
    assert [line["Rank"] for line in read_table(task_table(part))] == ["1=", "1="]


def test_what_is_better_than_erm_says_so(suite, make_cell, read_table):
    rows = {
        label: {"small-text": [make_cell(suite, quality, seed) for seed in range(4)]}
        for label, quality in {"erm": 0.6, "good": 1.0}.items()
    }
    board = build(suite, rows)
    told = {line["Submission"]: line["To ERM"] for line in read_table(task_table(board["tasks"]["small-text"]))}
    assert told["erm"] == ""
    assert told["good"].endswith(" better")
    assert {line["against_erm.verdict"] for line in csv.DictReader(io.StringIO(to_csv(board)))} == {"better", ""}


def test_a_row_that_ignores_the_core_says_so(suite, make_cell):
    cell = make_cell(suite, 0.6, kept={"core": np.full(24, 0.1)})
    assert "a (ignores the core cue)" in task_table(build(suite, {"a": {"small-text": [cell]}})["tasks"]["small-text"])


def test_each_set_of_tasks_has_a_table_and_its_reasons(result, read_table):
    markdown = to_markdown(result)
    overall = markdown.partition("## Overall, both: mean over small-text, small-image\n")[2]
    assert "Not ranked: gone: small-text: failed with seed 0: boom\\|  " in overall
    first, second = read_table(overall_table(result["overall"]["both"]))
    assert (first["Rank"], second["Submission"], first["Seeds"], second["Seeds"]) == ("1=", "erm", "1*", "2")
    low, high = result["overall"]["both"]["rows"][1]["wga_ci"]
    assert second["Mean WGA"].endswith(f"[{low:.3f}, {high:.3f}]")
    assert "Overall" not in to_markdown(result | {"overall": {}})


def test_csv_has_a_line_per_task_and_row_and_a_column_per_number(result):
    lines = list(csv.DictReader(io.StringIO(to_csv(result))))
    assert [(line["task"], line["rank"]) for line in lines] == [
        ("small-image", "1"), ("small-image", "1"), ("small-image", "1"),
        ("small-text", "1"), ("small-text", "1"), ("small-text", ""),
    ]  # fmt: skip
    assert "against_erm" not in lines[0]
    assert {line["against_erm.verdict"] for line in lines} == {"undecided", ""}
    assert lines[-1]["reason"] == "failed with seed 0: boom|"


def test_every_mark_is_explained():
    assert all(f"`{mark}`" in NOTE for mark in ("=", *filter(None, SEED_MARKS.values())))


def test_no_escape_sequence_reaches_a_terminal():
    assert as_text("a\x1b[2J\nb") == "a \\[2J b"


def test_the_private_gap_has_a_column_where_somebody_has_one(suite, make_cell, read_table):
    rows = {name: {"small-text": [make_cell(suite, 0.9)]} for name in ("a", "b")}
    private = {"b": {"small-text": [make_cell(suite, 0.9, figures=make_cell(suite, 0.9).figures | {"accuracy": 0.5})]}}
    lines = read_table(task_table(build(suite, rows, private)["tasks"]["small-text"]))
    told = {line["Submission"]: line["Private gap"] for line in lines}
    gap, low, high = map(float, re.findall(r"[+-]\d\.\d{3}", told.pop("b")))
    assert told == {"a": ""}
    assert gap == pytest.approx(make_cell(suite, 0.9).figures["accuracy"] - 0.5, abs=5e-4)
    assert low < gap < high
    assert "Private gap" not in task_table(build(suite, rows)["tasks"]["small-text"])


def test_what_each_rule_would_have_picked_stands_side_by_side(suite, make_cell, read_table):
    picks = {"last": {"wga": 0.25, "accuracy": 0.9}, "val_accuracy": {"wga": 0.5, "accuracy": 0.8}}
    rows = {
        label: {"small-text": [make_cell(suite, 0.9, selections=some)]}
        for label, some in {"a": picks, "b": picks | {"val_wga": {"wga": 0.75}}, "c": {}}.items()
    }
    lines = read_table(task_table(build(suite, rows)["tasks"]["small-text"]))
    told = {line["Submission"]: line["By rule"] for line in lines}
    assert told == {"a": "0.250 / 0.500 / -", "b": "0.250 / 0.500 / 0.750", "c": ""}
    del rows["a"], rows["b"]
    assert "By rule" not in task_table(build(suite, rows)["tasks"]["small-text"])
