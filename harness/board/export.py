"""The leaderboard as JSON and CSV text."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from spurgen.benchmark.errors import harmless
from spurgen.harness.board.schema import SCHEMA_VERSION, BoardRow, Leaderboard, SetBoard, SetBoardRow, TaskBoard
from spurgen.harness.statistics.estimate import Estimate

Record = dict[str, Any]


def to_json(board: Leaderboard) -> str:
    """Return the leaderboard as JSON; a NaN is an error."""
    record = {
        "schema_version": SCHEMA_VERSION,
        "suite": board.suite,
        "manifest_sha256": board.manifest_sha256,
        "tasks": {name: _about(part) | _board_record(part) for name, part in board.tasks.items()},
        "overall": {name: _about(part) | _board_record(part) for name, part in board.overall.items()},
    }
    return json.dumps(record, indent=1, allow_nan=False) + "\n"


def to_csv(board: Leaderboard) -> str:
    """Return a line per task and row, ranked or not, nested metrics as columns, to eight significant digits.

    Columns hold a number or a text each: an interval has two, which end in `_low` and `_high`.
    """
    records = [
        {"task": name, **record}
        for name, part in board.tasks.items()
        for records in _board_record(part).values()
        for record in records
    ]
    present = [{name: value for name, value in record.items() if value is not None} for record in records]
    lines = [_columns(shortened(record)) for record in present]
    text = io.StringIO()
    writer = csv.DictWriter(text, dict.fromkeys(column for line in lines for column in line), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def shortened(value: Any) -> Any:  # noqa: ANN401
    """Round every float to eight significant digits: the rest differs between machines."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(item) for item in value]
    return float(f"{value:.8g}") if isinstance(value, float) else value


def _board_record(part: TaskBoard | SetBoard) -> dict[str, list[Record]]:
    unranked = [{key: value for key, value in asdict(row).items() if value is not None} for row in part.unranked]
    shown = {"rows": part.rows, "few": part.few}
    return {key: [dict(_fields(row)) for row in rows] for key, rows in shown.items()} | {"unranked": unranked}


def _about(part: TaskBoard | SetBoard) -> Record:
    """Return what a board says of itself."""
    about: Record = {"unit": part.unit, "asked": part.asked}
    return about | ({"told_apart": part.told_apart} if isinstance(part, TaskBoard) else {"tasks": part.tasks})


def _fields(row: BoardRow) -> Iterator[tuple[str, Any]]:
    """Yield a row's fields, those of metrics flattened."""
    for name, value in asdict(row).items():
        if name == "estimates":
            yield from _metrics(row)
        elif name == "by_channel":
            yield from ((f"{metric}_by_channel", means) for metric, means in value.items())
        elif name == "recovered":
            yield from _metric("gap_recovered", row.recovered) if isinstance(row, SetBoardRow) else ()
        else:
            yield name, value


def _metrics(row: BoardRow) -> Iterator[tuple[str, Any]]:
    for metric, estimate in row.estimates.items():
        yield from _metric(metric, estimate)


def _metric(name: str, estimate: Estimate | None) -> Iterator[tuple[str, Any]]:
    """Yield a metric, and its interval where it has one."""
    if estimate is not None:
        yield name, estimate.value
        if estimate.low is not None:
            yield f"{name}_ci", estimate.ends


def _columns(record: Mapping[str, Any]) -> Record:
    """Return a line of the CSV: the fields that are plain, then those that are nested, as `<field>.<key>`."""
    line: Record = {}
    for name, value in record.items():
        if isinstance(value, list | tuple):
            line |= zip(_ends(name), value, strict=True)
        elif not isinstance(value, dict):
            line[name] = _harmless(value)
    for name, value in record.items():
        if isinstance(value, dict):
            # Nested counts are written as floats since the first version of the file.
            items = ((key, float(item) if isinstance(item, int) else item) for key, item in _columns(value).items())
            line |= {f"{name}.{harmless(key)}": item for key, item in items}
    return line


def _ends(name: str) -> tuple[str, str]:
    """Return the columns of the first and last rank, or of the ends of an interval."""
    name = name.removesuffix("_ci")
    return ("first_rank", "last_rank") if name == "ranks" else (f"{name}_low", f"{name}_high")


def _harmless(value: object) -> object:
    """Return a text that no spreadsheet runs as a formula or splits, and whose characters no terminal obeys."""
    if not isinstance(value, str):
        return value
    return ("'" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else "") + harmless(value.replace("\r", " "))
