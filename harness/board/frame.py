"""A board as one pandas table: a line per row, a column per field and metric. All other formats are made from it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from spurgen.harness.board.schema import Board, BoardRow, SetBoardRow, TaskBoardRow
from spurgen.harness.machine.frames import typed
from spurgen.harness.statistics.comparison import Compared
from spurgen.harness.statistics.estimate import Estimate, end_columns

if TYPE_CHECKING:  # pandas takes half a second to import, and a leaderboard in the terminal does not need it
    from pandas import DataFrame

Record = dict[str, Any]
STATES = ("mislead", "agree", "neutral")
TEXTS = (
    "suite", "task", "submission", "name", "access", "letters", "unit", "to_erm_verdict", "isolation", "asked_again",
    "verification", "reason", "lowest_where", "counterexamples_text", "counterexamples_to_erm_text",
    "model", "split", "worst", "group", "checkpoint", "metric", "other", "verdict", "shortcut", "encoder",
    "labels", "measure",
)  # fmt: skip
WHOLE = ("first_rank", "last_rank", "of", "units", "to_erm_units")
TRUE_OR_FALSE = ("ranked", "significant")


def frame_of(lines: Sequence[Record]) -> "DataFrame":
    """Return lines as a table with typed columns; a metric that no line has gets no column."""
    return typed(lines, texts=TEXTS, whole=WHOLE, flags=TRUE_OR_FALSE)


def lines_of(part: Board) -> list[Record]:
    """Return a line per row of a board in its order: ranked rows, rows with few units, then unranked rows.

    The lines are those of the frame, but without pandas: Python values, where a missing one is None or absent.
    """
    rows = [line_of(row) for row in part.shown]
    return [line | {"unit": part.unit} for line in (*rows, *({"ranked": False} | asdict(row) for row in part.unranked))]


def line_of(row: BoardRow) -> Record:
    """Return the line of a row, as `lines_of` does."""
    first, last = row.ranks or (None, None)
    line: Record = {
        "submission": row.submission, "name": row.name, "access": row.access, "ranked": row.ranks is not None,
        "first_rank": first, "last_rank": last, "of": row.of or None, "letters": row.letters, "units": row.units,
    }  # fmt: skip
    line["lowest_where"] = ", ".join(row.lowest_on) if isinstance(row, SetBoardRow) else lowest_where(row)
    for metric, estimate in row.estimates.items():
        line |= entries(metric, estimate)
    if against := row.against_erm:
        line |= _with_ends("to_erm", against.difference, against.interval or (None, None))
        line |= {"to_erm_p": against.p, "to_erm_p_holm": against.p_holm, "to_erm_units": against.units}
        line["to_erm_verdict"] = against.verdict
    if isinstance(row, TaskBoardRow):
        line["robust_accuracy_lowest"] = row.robust_accuracy_lowest
        line |= end_columns("wga_simultaneous", row.wga_simultaneous)
    for metric, by_channel in row.by_channel.items():
        line |= {f"{metric}_by_channel.{channel}": value for channel, value in by_channel.items()}
    if isinstance(row, TaskBoardRow):
        line |= _of_task(row)
    return line | _needed(row) if isinstance(row, SetBoardRow) else line


def lowest_where(row: BoardRow) -> str:
    """Return where a row's accuracy is lowest: where shortcuts mislead, agree or are neutral; empty if not known."""
    at = {s: row.value(f"accuracy_{s}") for s in STATES if f"accuracy_{s}" in row.estimates}
    return min(at, key=at.__getitem__, default="")


def _of_task(row: TaskBoardRow) -> Record:
    return {name: getattr(row, name) for name in ("isolation", "asked_again", "verification", "seconds")}


def _needed(row: SetBoardRow) -> Record:
    """Return the counterexamples needed, without infinite values, which mean more than a ladder shows."""
    line: Record = {}
    if row.needed:
        line |= _with_ends("counterexamples", row.needed.value, row.needed.interval)
        line["counterexamples_text"] = row.needed.text
    if ratio := row.needed_to_erm:
        least = ratio.least if ratio.exact else math.inf
        line |= _with_ends("counterexamples_to_erm", least, ratio.interval)
        line["counterexamples_to_erm_text"] = ratio.text
    return {key: value for key, value in line.items() if value != math.inf}


def entries(name: str, estimate: Estimate | None) -> Record:
    """Return the columns of an estimate: its value, and the ends of its interval where it has one; none for None."""
    if estimate is None:
        return {}
    return _with_ends(name, estimate.value, None if estimate.low is None else estimate.ends)


def compared_lines(names: Record, metrics: Mapping[str, Compared]) -> list[Record]:
    """Return a line per metric of two sides that were compared, which begins with their `names`."""
    return [
        {**names, "metric": metric, "first_mean": each.first, "other_mean": each.second,
         **_with_ends("difference", each.difference, each.interval), "p": each.p, "p_holm": each.p_holm,
         "significant": each.significant}
        for metric, each in metrics.items()
    ]  # fmt: skip


def _with_ends(name: str, value: float, ends: tuple[float | None, float | None] | None) -> Record:
    """Return a number, and the ends of its interval where it has one."""
    return {name: value} | end_columns(name, ends)
