import csv
import io
import json
from dataclasses import replace

import pytest

from spurgen.harness.board.export import shortened, to_csv, to_json
from spurgen.harness.board.leaderboard import build


def lines_of(board):
    return list(csv.DictReader(io.StringIO(to_csv(board), newline="")))


def test_json_has_the_version_first_and_everything_else_of_the_board(board):
    record = json.loads(to_json(board))
    assert next(iter(record)) == "schema_version"
    assert record["schema_version"] == 3
    part, shown = record["tasks"]["small-text"], board.tasks["small-text"]
    row, first = part["rows"][0], shown.rows[0]
    assert (row["rank"], row["tied"], row["submission"]) == (first.rank, first.tied, first.submission)
    assert (row["wga"], tuple(row["wga_ci"])) == (first.value("wga"), first.estimates["wga"].ends)
    assert (row["wga_corrected"], tuple(row["wga_simultaneous"])) == (first.wga_corrected, first.wga_simultaneous)
    assert row["sss_by_channel"] == first.by_channel["sss"]
    assert row["against_erm"]["verdict"] == first.against_erm.verdict
    assert part["unranked"] == [
        {"submission": "gone", "access": "none", "seeds": 1, "reason": "failed with seed 0: boom|"}
    ]
    assert record["overall"]["both"]["tasks"] == ["small-text", "small-image"]
    assert [row["submission"] for row in record["overall"]["both"]["rows"]] == ["=<b>|x|`[", "erm"]


def test_json_refuses_nan(board):
    row = replace(board.tasks["small-text"].rows[0], wga_corrected=float("nan"))
    part = replace(board.tasks["small-text"], rows=[row])
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(replace(board, tasks={"small-text": part}))


def test_csv_has_a_line_per_task_and_row_and_a_column_per_number(board):
    lines = lines_of(board)
    assert [(line["task"], line["rank"]) for line in lines] == [
        ("small-image", "1"), ("small-image", "1"), ("small-image", "1"),
        ("small-text", "1"), ("small-text", "1"), ("small-text", ""),
    ]  # fmt: skip
    row = board.tasks["small-text"].rows[0]
    assert float(lines[3]["sss_by_channel.color"]) == pytest.approx(row.by_channel["sss"]["color"])
    assert json.loads(lines[3]["wga_ci"]) == pytest.approx(row.estimates["wga"].ends)
    assert "against_erm" not in lines[0]
    assert {line["against_erm.p_seeds"] for line in lines} == {""}  # one common seed: no test, and yet a column
    assert {line["against_erm.verdict"] for line in lines} == {"undecided", ""}
    assert {line["against_erm.seeds"] for line in lines} == {"1.0", ""}
    assert lines[-1]["reason"] == "failed with seed 0: boom|"


def test_csv_text_is_never_a_formula(suite, make_row, board):
    assert {line["submission"] for line in lines_of(board)} == {"erm", "gone", "'=<b>|x|`["}
    for first in "=+-@\t\r":
        rows = {f"{first}1": {"small-text": make_row(suite, 0.9, submission=f"m\r{first}2")}}
        (line,) = lines_of(build(suite, rows))
        assert line["submission"] == f"'{first}1".replace("\r", " ")
        assert line["name"] == f"m {first}2".replace("\r", " ")


def test_floats_are_shortened_to_eight_digits_at_any_depth():
    assert shortened({"a": [1 / 3, (2, "x")], "b": {"c": 12345.678901}}) == {
        "a": [0.33333333, [2, "x"]], "b": {"c": 12345.679},
    }  # fmt: skip
