import math
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from spurgen.benchmark.worlds.things import STATES
from spurgen.harness.board.leaderboard import build, head_line
from spurgen.harness.statistics.estimate import Estimate


def test_a_line_per_row_with_its_metrics_and_intervals(board):
    part = board.tasks["small-text"]
    frame = part.to_pandas().set_index("submission")
    assert list(frame.index) == [row["submission"] for row in (*part.rows, *part.few, *part.unranked)]
    for row in (*part.rows, *part.few):
        line = frame.loc[row["submission"]]
        known = {key: value for key, value in row.items() if key != "submission" and value is not None}
        assert {key: line[key] for key in known} == known
    assert frame.loc["gone", "reason"].startswith("failed with seed 0")
    assert not frame.loc["gone", "ranked"]
    assert math.isnan(frame.loc["gone", "robust_accuracy"])


def test_columns_are_typed(board):
    types = board.to_pandas().dtypes.astype(str).to_dict()
    assert types["submission"] == types["letters"] == types["reason"] == "string"
    assert types["first_rank"] == types["units"] == "Int64"
    assert types["ranked"] == "boolean"
    others = {kind for name, kind in types.items() if kind not in ("string", "Int64", "boolean")}
    assert others == {"float64"}
    assert types["robust_accuracy_low"] == "float64"


def test_the_leaderboard_has_a_line_per_task_and_row(board):
    frame = board.to_pandas()
    sizes = {name: len(part.rows) + len(part.few) + len(part.unranked) for name, part in board.tasks.items()}
    assert frame.groupby("task").size().to_dict() == sizes
    assert set(frame["suite"]) == {"tiny"}
    assert not frame.duplicated(["task", "submission"]).any()


def test_an_empty_board_is_an_empty_table(board):
    empty = replace(board.tasks["small-text"], rows=[], few=[], unranked=[]).to_pandas()
    assert isinstance(empty, pd.DataFrame)
    assert len(empty) == 0


def test_every_column_is_documented(board, ladder_board):
    page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
    frames = [part.to_pandas() for each in (board, ladder_board) for part in (each, *each.overall.values())]
    columns = {re.sub("_(low|high)$", "", column.partition(".")[0]) for frame in frames for column in frame.columns}
    assert not {column for column in columns if f"`{column}" not in page}


def test_a_row_says_where_its_accuracy_is_lowest_on_a_ladder_rung_by_rung(ladder_suite, ladder_rows):
    rows = ladder_rows(ladder_suite)
    made = build(ladder_suite, rows)
    (row,) = [row for row in made.overall["few-text"].shown if row["submission"] == next(iter(rows))]
    each = [rows[row["submission"]][f"few-text-{m}"] for m in (4, 16)]
    states = ("mislead", "agree", "neutral")
    lowest = [min(states, key=lambda state, of=of: of.mean(f"accuracy_{state}")) for of in each]
    assert row["lowest_where"] == ", ".join(lowest)
    on_task = {line["submission"]: line for line in made.tasks["few-text-4"].lines}
    assert on_task[row["submission"]]["lowest_where"] == lowest[0]
    equal = {f"accuracy_{state}": Estimate(0.5) for state in STATES}
    assert head_line("any", rows[row["submission"]]["few-text-4"], equal)["lowest_where"] == "mislead"
