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
    assert record["schema_version"] == 8
    part, shown = record["tasks"]["small-text"], board.tasks["small-text"]
    assert (part["unit"], part["asked"], part["told_apart"]) == ("seed", 5, shown.told_apart)
    row, first = part["rows"][0], shown.rows[0]
    assert (tuple(row["ranks"]), row["of"], row["letters"]) == (first.ranks, first.of, first.letters)
    assert (row["robust_accuracy"], tuple(row["robust_accuracy_ci"])) == (first.ranked_by.value, first.ranked_by.ends)
    assert (row["wga_corrected"], tuple(row["wga_simultaneous"])) == (
        first.value("wga_corrected"), first.wga_simultaneous,
    )  # fmt: skip
    assert row["sss_by_channel"] == first.by_channel["sss"]
    assert row["against_erm"]["verdict"] == first.against_erm.verdict
    assert part["unranked"] == [
        {"submission": "gone", "access": "none", "units": 1, "reason": "failed with seed 0: boom|"}
    ]
    assert record["overall"]["both"]["tasks"] == ["small-text", "small-image"]
    assert [row["submission"] for row in part["few"]] == ["short"]
    both = record["overall"]["both"]
    assert [row["submission"] for row in both["rows"]] == [row.submission for row in board.overall["both"].rows]
    assert [row["submission"] for row in both["few"]] == ["short"]
    assert "gap_recovered" not in both["rows"][0]  # there is no reference


def test_json_refuses_nan(board):
    row = replace(board.tasks["small-text"].rows[0], seconds=float("nan"))
    part = replace(board.tasks["small-text"], rows=[row])
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(replace(board, tasks={"small-text": part}))


def test_csv_has_a_line_per_task_and_row_and_a_column_per_number(board):
    lines = lines_of(board)
    assert [line["task"] for line in lines] == ["small-image"] * 10 + ["small-text"] * 10
    by_name = {line["submission"]: line for line in lines[10:]}
    row = next(row for row in board.tasks["small-text"].rows if row.submission == "group_dro")
    ranks = {name: (line["first_rank"], line["last_rank"]) for name, line in by_name.items()}
    assert tuple(map(int, ranks[row.submission])) == row.ranks
    assert (ranks["short"], by_name["short"]["units"], ranks["gone"]) == (("", ""), "2", ("", ""))
    first = by_name[row.submission]
    assert float(first["sss_by_channel.color"]) == pytest.approx(row.by_channel["sss"]["color"])
    for name, ends in {
        "robust_accuracy": row.ranked_by.ends, "wga_simultaneous": row.wga_simultaneous,
        "against_erm.interval": row.against_erm.interval,
    }.items():  # fmt: skip
        assert [float(first[f"{name}_{end}"]) for end in ("low", "high")] == pytest.approx(ends)
    assert not [value for line in lines for value in line.values() if value.startswith(("[", "("))]
    assert {"first_rank", "robust_accuracy_low"} <= set(board.to_pandas()) & set(first)
    assert {line["against_erm.verdict"] for line in lines} == {"better", "undecided", ""}
    assert by_name["short"]["against_erm.units"] == "2.0"
    assert by_name["gone"]["reason"] == "failed with seed 0: boom|"


def test_csv_text_is_never_a_formula(suite, make_row, board):
    assert {"erm", "gone", "'=<b>|x|`["} <= {line["submission"] for line in lines_of(board)}
    for first in "=+-@\t\r":
        rows = {f"{first}1": {"small-text": make_row(suite, 0.9, submission=f"m\r{first}2")}}
        (line,) = lines_of(build(suite, rows))
        assert line["submission"] == f"'{first}1".replace("\r", " ")
        assert line["name"] == f"m {first}2".replace("\r", " ")


def test_floats_are_shortened_to_eight_digits_at_any_depth():
    assert shortened({"a": [1 / 3, (2, "x")], "b": {"c": 12345.678901}}) == {
        "a": [0.33333333, [2, "x"]], "b": {"c": 12345.679},
    }  # fmt: skip
