"""The leaderboard as files: JSON, CSV and Markdown, all from its frame."""

import csv
import io
import json
import math
from dataclasses import asdict
from typing import Any

from spurgen.harness.board.frame import lines_of
from spurgen.harness.board.schema import IDEAL, SCHEMA_VERSION, Board, Leaderboard, SetBoard, TaskBoard
from spurgen.harness.machine.printing import as_cell


def to_json(board: Leaderboard) -> str:
    """Return the leaderboard as JSON: by task and set of tasks, the frame's `columns` and `rows`; raises for NaN.

    Numbers of rows have eight significant digits.
    """
    record = {
        "schema_version": SCHEMA_VERSION,
        "suite": board.suite,
        "manifest_sha256": board.manifest_sha256,
        "tasks": {name: _record(part) for name, part in board.tasks.items()},
        "overall": {name: _record(part) for name, part in board.overall.items()},
    }
    return json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"


def to_csv(board: Leaderboard) -> str:
    """Return the leaderboard's frame as CSV, a line per task and row, numbers to eight significant digits."""
    lines = board.lines()
    names = dict.fromkeys(name for line in lines for name in line)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(line.get(name)) for name in names] for line in lines)
    return text.getvalue()


def _value(value: Any) -> Any:  # noqa: ANN401
    return float(f"{value:.8g}") if isinstance(value, float) else None if value == "" else value


def _cell(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.8g}"
    return as_cell(value) if isinstance(value, str) else "" if value is None else str(value)


def _record(part: Board) -> dict[str, Any]:
    about: dict[str, Any] = {}
    if isinstance(part, TaskBoard):
        about["told_apart"] = part.told_apart
    if isinstance(part, SetBoard):
        about["tasks"] = part.tasks
        about |= {"controls": {"ideal": IDEAL, **asdict(part.controls)}} if part.controls else {}
    lines = lines_of(part)
    columns = list(dict.fromkeys(name for line in lines for name in line))
    rows = [[_value(line.get(name)) for name in columns] for line in lines]
    return {"unit": part.unit, "asked": part.asked, **about, "columns": columns, "rows": rows}
