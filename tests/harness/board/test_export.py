import csv
import io
import json
from dataclasses import replace

import pandas as pd
import pytest

from spurgen.harness.board.formats import to_csv, to_json
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.schema import SCHEMA_VERSION


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
