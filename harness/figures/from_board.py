"""Sheets of a leaderboard: its rows with the metrics by channel, pattern and epoch that it does not show."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from spurgen.benchmark.suite import Suite, Task
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import RANKED_BY, TaskValues, Unit, group_sizes, spread_of
from spurgen.harness.board.schema import BoardRow, Leaderboard, SetBoard, TaskBoard, TaskBoardRow
from spurgen.harness.figures.sheet import MEAN, UNITS, Entry, Sheet, in_order
from spurgen.harness.results.curves import stacked_curves
from spurgen.harness.results.ideal import mean_ideal, stored_ideals, with_ideal
from spurgen.harness.results.rows import Row, Rows, TaskRow, on_task
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import mean_estimate

BY_CHANNEL = ("reliance", "sss")
CORE_USE = "core_use"
TEST = (
    "Rows of an access tier that share a letter do not differ significantly "
    "(moderated paired t-test over {}, false discovery rate 5 % over all pairs of baselines)."
)
RULE = (
    "Bold: significantly better than every other row of the access tier (moderated paired t-test over {}, false "
    "discovery rate 5 % over all pairs of baselines); where the best rows are not told apart, none is bold."
)


def board_sheets(suite: Suite, rows: Rows, board: Leaderboard, tasks: Collection[str] = ()) -> dict[str, Sheet]:
    """Return a sheet per task of a leaderboard; of these tasks only, if any are named.

    `rows`: those that the leaderboard was built from.
    """
    complete = with_ideal(suite, rows)
    shown = {name: part for name, part in board.tasks.items() if not tasks or name in tasks}
    return {name: _task_sheet(suite, suite.task(name), on_task(complete, name), part) for name, part in shown.items()}


def set_sheets(rows: Rows, board: Leaderboard) -> dict[str, Sheet]:
    """Return a sheet per set of tasks over which rows are ranked: means over its tasks."""
    own = {label for label, row in rows.items() if not is_ours(row)}
    shown = {name: part for name, part in board.overall.items() if part.rows or part.few}
    return {name: _set_sheet(name, part, own, _core_use(part, board)) for name, part in shown.items()}


def is_ours(row: Row) -> bool:
    """Return whether a row is that of one of our methods on all its tasks."""
    return all(map(is_baseline_row, row.values()))


def _task_sheet(suite: Suite, task: Task, rows: Mapping[str, TaskRow], part: TaskBoard) -> Sheet:
    values = TaskValues(task, group_sizes(task))
    shown = {row.submission: rows[row.submission] for row in (*part.rows, *part.few)}
    ours = {label for label, row in shown.items() if is_baseline_row(row)}
    channels = _by_channel(values, shown, ours)
    best, few = _best(part.rows), _few(part)
    entries = [
        replace(
            _entry(row, shown[row.submission], best, few),
            own=row.submission not in ours,
            channels=channels[row.submission],
        )
        for row in (*part.rows, *part.few)
    ]
    return replace(_sheet(task.name, part, entries), task=task, ideal=mean_ideal(stored_ideals(suite), task))


def _set_sheet(name: str, part: SetBoard, own: Collection[str], core_use: Mapping[str, float]) -> Sheet:
    best, few = _best(part.rows), _few(part)
    common = [
        replace(_common(row, best, few), own=row.submission in own) for rows in (part.rows, part.few) for row in rows
    ]
    entries = [
        replace(each, estimates={**each.estimates, CORE_USE: Estimate(core_use[each.label])})
        if each.label in core_use
        else each
        for each in common
    ]
    return _sheet(f"{MEAN}{name}", part, entries)


def _core_use(part: SetBoard, board: Leaderboard) -> dict[str, float]:
    """Return the mean core use over the tasks of a set, by label, of the rows that have it on all; a board has none."""
    by_task = [
        {row.submission: row.value(CORE_USE) for row in (*task.rows, *task.few) if CORE_USE in row.estimates}
        for task in (board.tasks[name] for name in part.tasks if name in board.tasks)
    ]
    if not by_task or len(by_task) < len(part.tasks):
        return {}
    common = set.intersection(*map(set, by_task))
    return {label: float(np.mean([values[label] for values in by_task])) for label in common}


def _sheet(name: str, part: TaskBoard | SetBoard, entries: Sequence[Entry]) -> Sheet:
    intervals = "95 % Student's t intervals"
    return Sheet(
        name=name, entries=in_order(entries, RANKED_BY), headline=RANKED_BY, unit=part.unit, asked=part.asked,
        intervals=intervals, channel_intervals=intervals, test=_over(TEST, part.unit), rule=_over(RULE, part.unit),
        left_out={row.submission: row.reason for row in part.unranked},
    )  # fmt: skip


def _few(part: TaskBoard | SetBoard) -> str:
    return f"fewer than {part.asked} {UNITS[part.unit]}"


def _over(text: str, unit: Unit) -> str:
    return text.format(UNITS[unit])


def _entry(row: TaskBoardRow, results: TaskRow, best: Collection[str], few: str) -> Entry:
    curves = stacked_curves(results.results)
    return replace(_common(row, best, few), patterns=row.patterns, curves=curves)


def _common(row: BoardRow, best: Collection[str], few: str) -> Entry:
    """Return the entry of a row; `few`: what is said of rows that have too few units for a rank."""
    against = row.against_erm
    return Entry(
        label=row.submission,
        access=row.access,
        units=row.units,
        unranked="" if row.ranks else few,
        letters=row.letters,
        best=row.submission in best,
        difference=(against.difference, against.verdict) if against else None,
        estimates=row.estimates,
    )


def not_apart(first: BoardRow, other: BoardRow) -> bool:
    """Return whether two ranked rows of an access tier do not differ significantly."""
    return bool(set(first.letters) & set(other.letters))


def _best(rows: Sequence[BoardRow]) -> set[str]:
    """Return the first row of each access tier if it is told apart from all others of it, of which there are some."""
    tiers: dict[str, list[BoardRow]] = {}
    for row in rows:
        tiers.setdefault(row.access, []).append(row)
    return {
        first.submission
        for first, *others in tiers.values()
        if others and not any(not_apart(first, other) for other in others)
    }


def _by_channel(
    values: TaskValues, rows: Mapping[str, TaskRow], baselines: Collection[str]
) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Return the estimates of all rows by label, metric and channel, of the channels that the task carries."""
    estimates: dict[str, dict[str, dict[str, Estimate]]] = {label: {} for label in rows}
    for metric in BY_CHANNEL:
        for channel in values.task.channels:
            of_rows = values.by_label(rows, f"{metric}/{channel}")
            spread = spread_of(f"{metric}/{channel}", of_rows, baselines)
            for label, by_unit in of_rows.items():
                estimates[label].setdefault(metric, {})[channel] = mean_estimate(by_unit, spread)
    return estimates
