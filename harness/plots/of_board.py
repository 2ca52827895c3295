"""The figures of a paper about a leaderboard or an experiment: which there are, and their captions."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import RANKED_BY, by_label, spread_of
from spurgen.harness.board.columns import CHANNEL, Line, channel_keys, column, estimate_of
from spurgen.harness.board.frame import Record, lines_of
from spurgen.harness.board.placing import tier_place
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.plots.forest import UNIT, Named, Panel, forest, most_panels
from spurgen.harness.plots.lines import learning_curves
from spurgen.harness.plots.style import Columns
from spurgen.harness.results.curves import stacked_curves
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import mean_estimate

CURVES = {"val_accuracy": "all samples", "val_robust": "worst of agree, mislead", "val_wga": "worst group"}
FOLLOWS = "Share of answers that follow a shortcut to the class that it is switched to"
RANKS = "Letters: rows of an access tier that share one do not differ significantly."
OPEN = "Open marks are not ranked."


class Item(NamedTuple):
    """A figure: the name of its file without suffix, its caption, and the function that draws it."""

    name: str
    caption: str
    draw: Callable[[], Figure]


class Drawn(NamedTuple):
    """What is drawn of a board: its task, None for a set of tasks, its lines as in the frame, rows, and the ideal."""

    name: str
    task: Task | None
    lines: Sequence[Line]
    rows: Mapping[str, TaskRow]
    ideal: Mapping[str, float]


def boards_drawn(
    suite: Suite, rows: Rows, board: Leaderboard, names: Collection[str], labels: Collection[str] = ()
) -> dict[str, Drawn]:
    """Return what is drawn of these tasks and sets of tasks, by name.

    `rows`: those that the board was built from. `labels`: those that are drawn, by default all.
    """
    made = {}
    for name in names:
        if name in board.tasks:
            task, of_task = suite.task(name), on_task(rows, name)
            lines = with_channel_intervals(task, of_task, _chosen(lines_of(board.tasks[name]), labels))
            made[name] = Drawn(name, task, lines, of_task, {})
        else:
            part = board.overall[name]
            title = name if part.rungs else f"mean over {name}"
            made[name] = Drawn(title, None, _chosen(lines_of(part), labels), {}, {})
    return made


def _chosen(lines: Sequence[Record], labels: Collection[str]) -> list[Record]:
    return [line for line in lines if not labels or line["submission"] in labels]


def with_channel_intervals(task: Task, rows: Mapping[str, TaskRow], lines: Sequence[Record]) -> list[Record]:
    """Return lines of a task's frame that have the interval of how often answers follow each channel."""
    shown = {line["submission"]: rows[line["submission"]] for line in lines if not line.get("reason")}
    baselines = [label for label, row in shown.items() if is_baseline_row(row)]
    more: dict[str, Record] = {label: {} for label in shown}
    for channel in task.channels:
        of_rows = by_label(shown, f"follows/{channel}")
        spread = spread_of("follows", of_rows, baselines)
        for label, by_unit in of_rows.items():
            point = mean_estimate(by_unit, spread)
            if point.low is not None:
                key = f"{CHANNEL}{channel}"
                more[label] |= {f"{key}_low": point.low, f"{key}_high": point.high}
    return [line | more.get(line["submission"], {}) for line in lines]


def figures(boards: Sequence[Drawn], full_names: Mapping[str, str], columns: Columns) -> list[Item]:
    """Return a figure of all boards, in parts that fit a page, and of each its shortcuts and curves."""
    most = most_panels(named([line for board in boards for line in board.lines], full_names), columns)
    parts = [boards[start : start + most] for start in range(0, len(boards), most)]
    items = []
    for number, part in enumerate(parts, 1):
        name = "places" if len(parts) == 1 else f"places-{number}"
        items.append(Item(name, _caption(part), partial(estimates, part, full_names, columns)))
    for board in boards:
        items += _of_one(board, full_names, columns)
    return items


def _of_one(board: Drawn, full_names: Mapping[str, str], columns: Columns) -> list[Item]:
    items = []
    if channels_of(board):
        caption = f"{FOLLOWS} on {board.name}{', with 95 % intervals' if board.task else ', means over its rungs'}."
        items.append(Item(f"follows-{board.name}", caption, partial(by_channel, board, full_names, columns)))
    if any(known_curves(row) for row in board.rows.values()):
        caption = f"Accuracy on val by epoch on {board.name}: means, bands from minimum to maximum."
        items.append(Item(f"curves-{board.name}", caption, partial(curves, board, full_names, columns)))
    return items


def named(lines: Sequence[Line], full_names: Mapping[str, str]) -> list[Named]:
    """Return the lines of a figure: each row once, by its full name where it has one, by access tier, then as given."""
    first = {line["submission"]: line for line in reversed(lines) if not line.get("reason")}
    order = dict.fromkeys(line["submission"] for line in lines if line["submission"] in first)
    rows = [Named(label, full_names.get(label, label), first[label]["access"]) for label in order]
    return sorted(rows, key=lambda row: tier_place(row.access))


def points(lines: Sequence[Line], key: str) -> dict[str, Estimate]:
    """Return a metric by label, of the lines that have it."""
    believed = [line for line in lines if not line.get("reason")]
    return {line["submission"]: point for line in believed if (point := estimate_of(line, key))}


def estimates(boards: Sequence[Drawn], full_names: Mapping[str, str], columns: Columns = 2) -> Figure:
    """Draw robust accuracy, a panel per board."""
    panels = [
        Panel(
            board.name, points(board.lines, RANKED_BY), _unranked(board.lines),
            {line["submission"]: line.get("letters", "") for line in board.lines}, board.ideal.get(RANKED_BY),
        )
        for board in boards
    ]  # fmt: skip
    rows = named([line for board in boards for line in board.lines], full_names)
    return forest(panels, rows, column(RANKED_BY).title.lower(), columns, UNIT)


def channels_of(board: Drawn) -> list[str]:
    """Return the channels of which it is known how often some row's answers follow them, in the task's order."""
    return [key.removeprefix(CHANNEL) for key in channel_keys(board.lines)]


def by_channel(board: Drawn, full_names: Mapping[str, str], columns: Columns = 2) -> Figure:
    """Draw how often answers follow each channel, a panel per channel."""
    panels = [
        Panel(name, points(board.lines, f"{CHANNEL}{name}"), _unranked(board.lines),
              ideal=board.ideal.get(f"follows/{name}"))
        for name in channels_of(board)
    ]  # fmt: skip
    return forest(panels, named(board.lines, full_names), column("follows").title.lower(), columns)


def known_curves(row: TaskRow) -> dict[str, np.ndarray]:
    """Return a row's curves on val by what they are over, float64 (units, epochs), and `epoch`."""
    known = stacked_curves(row.results)
    found = {name: known[key] for key, name in CURVES.items() if key in known and np.isfinite(known[key]).any()}
    return found | {"epoch": known["epoch"]} if found else {}


def curves(board: Drawn, full_names: Mapping[str, str], columns: Columns = 2) -> Figure:
    """Draw the learning curves of every row that reports any."""
    rows = [row for row in named(board.lines, full_names) if row.label in board.rows]
    panels = {row.name: known for row in rows if (known := known_curves(board.rows[row.label]))}
    return learning_curves(panels, columns, shared=True, wide=2 * columns + 1)


def _unranked(lines: Sequence[Line]) -> set[str]:
    return {line["submission"] for line in lines if not line["ranked"]}


def _caption(boards: Sequence[Drawn]) -> str:
    by, where = column(RANKED_BY), f" on {boards[0].name}" if len(boards) == 1 else ""
    few = any(not line["ranked"] and not line.get("reason") for board in boards for line in board.lines)
    letters = any(line.get("letters") for board in boards for line in board.lines)
    about = f"{by.title} ({by.about.partition(';')[0]}){where}, with 95 % intervals."
    return " ".join([about, *[RANKS] * letters, *[OPEN] * few])
