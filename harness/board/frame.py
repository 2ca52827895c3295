"""A board as one table of pandas: a line per row, a column per field and metric. All other formats are made from it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from spurgen.harness.board.schema import BoardRow, Leaderboard, SetBoard, SetBoardRow, TaskBoard, TaskBoardRow
from spurgen.harness.machine.frames import typed
from spurgen.harness.metrics import Interval
from spurgen.harness.statistics.estimate import Estimate

if TYPE_CHECKING:  # pandas takes half a second to import, and a leaderboard in the terminal does not need it
    from pandas import DataFrame

Record = dict[str, Any]
TEXTS = (
    "suite", "task", "submission", "name", "access", "letters", "unit", "to_erm_verdict", "isolation", "asked_again",
    "verification", "reason", "counterexamples_text", "counterexamples_to_erm_text",
)  # fmt: skip
WHOLE = ("first_rank", "last_rank", "of", "units", "to_erm_units")
TRUE_OR_FALSE = ("ranked",)


def board_frame(part: TaskBoard | SetBoard) -> "DataFrame":
    """Return a line per row of a board, in its order: ranked, with few units, then those that are not ranked."""
    return frame_of(lines_of(part))


def leaderboard_frame(board: Leaderboard) -> "DataFrame":
    """Return a line per task and row, then per ladder and row; other sets of tasks are left out."""
    ladders = {name: part for name, part in board.overall.items() if part.rungs}
    parts: dict[str, TaskBoard | SetBoard] = {**board.tasks, **ladders}
    return frame_of(
        [{"suite": board.suite, "task": name} | line for name, part in parts.items() for line in lines_of(part)]
    )


def frame_of(lines: Sequence[Record]) -> "DataFrame":
    """Return lines with typed columns; a metric that no line has has none."""
    return typed(lines, texts=TEXTS, whole=WHOLE, flags=TRUE_OR_FALSE)


def lines_of(part: TaskBoard | SetBoard) -> list[Record]:
    """Return the lines of a board's frame without pandas, values of Python's types; a missing one is None or absent."""
    rows = [line_of(row) for row in (*part.rows, *part.few)]
    return [line | {"unit": part.unit} for line in (*rows, *({"ranked": False} | asdict(row) for row in part.unranked))]


def line_of(row: BoardRow) -> Record:
    """Return the line of a row, as `lines_of` does."""
    return dict(_row(row))


def _row(row: BoardRow) -> Iterator[tuple[str, Any]]:
    first, last = row.ranks or (None, None)
    yield from {
        "submission": row.submission, "name": row.name, "access": row.access, "ranked": row.ranks is not None,
        "first_rank": first, "last_rank": last, "of": row.of or None, "letters": row.letters, "units": row.units,
    }.items()  # fmt: skip
    for metric, estimate in row.estimates.items():
        yield from _metric(metric, estimate)
    if row.against_erm:
        against = row.against_erm
        yield "to_erm", against.difference
        yield from zip(("to_erm_low", "to_erm_high"), against.interval or (None, None), strict=True)
        yield from {"to_erm_p": against.p, "to_erm_p_holm": against.p_holm, "to_erm_units": against.units}.items()
        yield "to_erm_verdict", against.verdict
    if isinstance(row, SetBoardRow):
        yield from _of_set(row)
    if isinstance(row, TaskBoardRow):
        yield from _of_task(row)


def _of_set(row: SetBoardRow) -> Iterator[tuple[str, Any]]:
    for metric, by_channel in row.by_channel.items():
        yield from _nested(f"{metric}_by_channel", by_channel)
    if row.needed:
        yield from _bounded("counterexamples", row.needed.value, row.needed.interval)
        yield "counterexamples_text", row.needed.text
    if row.needed_to_erm:
        ratio = row.needed_to_erm
        yield from _bounded("counterexamples_to_erm", ratio.least if ratio.exact else math.inf, ratio.interval)
        yield "counterexamples_to_erm_text", ratio.text


def _bounded(name: str, value: float, interval: Interval | None) -> Iterator[tuple[str, float]]:
    """Yield a number and the ends of its interval, without those that are infinite: more than a ladder shows."""
    numbers = {name: value} | dict(zip((f"{name}_low", f"{name}_high"), interval or (), strict=False))
    yield from ((key, number) for key, number in numbers.items() if math.isfinite(number))


def _of_task(row: TaskBoardRow) -> Iterator[tuple[str, Any]]:
    yield "robust_accuracy_lowest", row.robust_accuracy_lowest
    yield from zip(("wga_simultaneous_low", "wga_simultaneous_high"), row.wga_simultaneous, strict=True)
    for metric, by_channel in row.by_channel.items():
        yield from _nested(f"{metric}_by_channel", by_channel)
    for rule, metrics in row.selections.items():
        yield from _nested(f"selections.{rule}", metrics)
    for name in ("isolation", "asked_again", "verification", "seconds"):
        yield name, getattr(row, name)
    if row.private:
        yield from _metric("private_gap", Estimate(row.private.gap, *row.private.gap_ci))


def _metric(name: str, estimate: Estimate) -> Iterator[tuple[str, float | None]]:
    """Yield a metric, and the ends of its interval where it has one."""
    yield name, estimate.value
    if estimate.low is not None:
        yield f"{name}_low", estimate.low
        yield f"{name}_high", estimate.high


def _nested(name: str, values: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    yield from ((f"{name}.{key}", value) for key, value in values.items())
