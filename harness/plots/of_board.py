"""The figures of a paper about a leaderboard or an experiment: which there are, and their captions."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from spurgen.benchmark.suite import Task
from spurgen.harness.board.columns import COLUMNS, Line
from spurgen.harness.experiments.curves import stacked_curves
from spurgen.harness.plots.forest import Named, Panel, forest
from spurgen.harness.plots.heat import pattern_map
from spurgen.harness.plots.lines import learning_curves
from spurgen.harness.plots.style import Columns
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.estimate import Estimate

CURVES = {"val_accuracy": "all samples", "val_robust": "worst pattern", "val_wga": "worst group"}
UNIT = (-0.02, 1.02)
RANKS = "Letters: rows of an access tier that share one do not differ significantly."
OPEN = "Open marks are not ranked."


class Item(NamedTuple):
    """A figure: the name of its file without suffix, its caption, and the function that draws it for a width."""

    name: str
    caption: str
    draw: Callable[[Columns], Figure]


class Drawn(NamedTuple):
    """What is drawn of a board: its task, None for a set of tasks, its lines as in the frame, rows, and the ideal."""

    name: str
    task: Task | None
    lines: Sequence[Line]
    rows: Mapping[str, TaskRow]
    ideal: Mapping[str, float]


def figures(boards: Sequence[Drawn], full_names: Mapping[str, str]) -> list[Item]:
    """Return a figure of all boards, and of each with a task its channels, patterns and learning curves."""
    items = [Item("estimates", _caption("robust_accuracy", boards, RANKS), partial(estimates, boards, full_names))]
    for board in boards:
        if board.task is None:
            continue
        if channels_of(board):
            caption = _caption("reliance", [board], "A panel per channel.")
            items.append(Item(f"reliance-{board.name}", caption, partial(reliance, board, full_names)))
        if patterns_of(board):
            caption = f"Accuracy by alignment pattern on {board.name}. Dots: the channel conflicts (full) or agrees."
            items.append(Item(f"patterns-{board.name}", caption, partial(patterns, board, full_names)))
        if any(known_curves(row) for row in board.rows.values()):
            caption = f"Accuracy on val by epoch on {board.name}: means, bands from minimum to maximum."
            items.append(Item(f"curves-{board.name}", caption, partial(curves, board, full_names)))
    return items


def named(lines: Sequence[Line], full_names: Mapping[str, str]) -> list[Named]:
    """Return the lines of a figure: each row once, by its full name where it has one, in the order of the first."""
    first = {line["submission"]: line for line in reversed(lines) if not line.get("reason")}
    order = dict.fromkeys(line["submission"] for line in lines if line["submission"] in first)
    rows = [Named(label, full_names.get(label, label), first[label]["access"]) for label in order]
    tiers = list(dict.fromkeys(row.access for row in rows))
    return sorted(rows, key=lambda row: tiers.index(row.access))


def estimate(line: Line, key: str) -> Estimate | None:
    """Return a metric of a line with its interval, or None."""
    value = line.get(key)
    return None if value is None else Estimate(value, line.get(f"{key}_low"), line.get(f"{key}_high"))


def points(lines: Sequence[Line], key: str) -> dict[str, Estimate]:
    """Return a metric by label, of the lines that have it."""
    found = {line["submission"]: estimate(line, key) for line in lines if not line.get("reason")}
    return {label: point for label, point in found.items() if point is not None}


def estimates(boards: Sequence[Drawn], full_names: Mapping[str, str], columns: Columns = 2) -> Figure:
    """Draw robust accuracy, a panel per board."""
    panels = [
        Panel(
            board.name, points(board.lines, "robust_accuracy"), _unranked(board.lines),
            {line["submission"]: line.get("letters", "") for line in board.lines}, board.ideal.get("robust_accuracy"),
        )
        for board in boards
    ]  # fmt: skip
    rows = named([line for board in boards for line in board.lines], full_names)
    return forest(panels, rows, COLUMNS["robust_accuracy"].title.lower(), columns, UNIT)


def channels_of(board: Drawn, metric: str = "reliance") -> list[str]:
    """Return the channels in which some row has a metric, in the task's order."""
    names = board.task.channels if board.task else ()
    return [name for name in names if points(board.lines, f"{metric}_by_channel.{name}")]


def reliance(board: Drawn, full_names: Mapping[str, str], columns: Columns = 2, metric: str = "reliance") -> Figure:
    """Draw a metric by channel, a panel per channel."""
    panels = [
        Panel(name, points(board.lines, f"{metric}_by_channel.{name}"), _unranked(board.lines),
              ideal=board.ideal.get(f"{metric}/{name}"))
        for name in channels_of(board, metric)
    ]  # fmt: skip
    return forest(panels, named(board.lines, full_names), COLUMNS[metric].title.lower(), columns)


def patterns_of(board: Drawn) -> list[str]:
    """Return the alignment patterns of which some row has the accuracy, those with few conflicts first."""
    keys = {key.removeprefix("patterns.") for line in board.lines for key in line if key.startswith("patterns.")}
    return sorted(keys, key=lambda name: (name.count("c"), name))


def patterns(board: Drawn, full_names: Mapping[str, str], columns: Columns = 2) -> Figure:
    """Draw accuracy by row and alignment pattern."""
    rows, shown = named(board.lines, full_names), patterns_of(board)
    by_label = {line["submission"]: line for line in board.lines}
    values = np.array([[by_label[row.label].get(f"patterns.{name}", np.nan) for name in shown] for row in rows])
    channels = board.task.channels if board.task else ()
    return pattern_map(values.astype(np.float64), [row.name for row in rows], shown, channels, columns)


def known_curves(row: TaskRow) -> dict[str, np.ndarray]:
    """Return a row's curves on val by what they are over, float64 (units, epochs), and `epoch`."""
    curves = stacked_curves(row.results)
    found = {name: curves[key] for key, name in CURVES.items() if key in curves and np.isfinite(curves[key]).any()}
    return found | {"epoch": curves["epoch"]} if found else {}


def curves(board: Drawn, full_names: Mapping[str, str], columns: Columns = 2) -> Figure:
    """Draw the learning curves of every row that reports any."""
    rows = [row for row in named(board.lines, full_names) if row.label in board.rows]
    panels = {row.name: known for row in rows if (known := known_curves(board.rows[row.label]))}
    return learning_curves(panels, columns, shared=True, wide=3 * columns)


def _unranked(lines: Sequence[Line]) -> set[str]:
    return {line["submission"] for line in lines if not line["ranked"]}


def _caption(key: str, boards: Sequence[Drawn], *more: str) -> str:
    names = ", ".join(board.name for board in boards)
    about = COLUMNS[key].about.partition(";")[0]
    few = any(_unranked([line for line in board.lines if not line.get("reason")]) for board in boards)
    open_marks = [OPEN] * few
    return " ".join([f"{COLUMNS[key].title} ({about}) on {names}, with 95 % intervals.", *more, *open_marks])
