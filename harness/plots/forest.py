"""Rows with their intervals, in panels side by side, and as a map of colours; the figures of boards and of runs.

The list of a paper's figures has their captions.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.columns import CHANNEL, Line, channel_keys, column, estimate_of
from spurgen.harness.board.placing import tier_place
from spurgen.harness.board.rows import RANKED_BY, by_label, is_baseline_row, spread_of
from spurgen.harness.board.schema import Board, Leaderboard
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.plots import style
from spurgen.harness.plots.style import Columns
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.statistics.estimate import Estimate, end_columns
from spurgen.harness.statistics.units import mean_estimates

LINE, FOOT = 0.15, 0.45  # inches: a row, and the space below a panel
SIDE_BY_SIDE: dict[Columns, int] = {1: 2, 2: 4}
MARGIN = 0.04  # of an axis, beyond its outermost numbers
UNIT = (-0.02, 1.02)  # of an axis of proportions
COLOURS = "cividis"  # lightness rises evenly, also for the colour-blind (Nuñez et al. 2018)
FOLLOWS = "Share of answers that follow a shortcut to the class that it is switched to"
RANKS = "Letters: rows of an access tier that share one do not differ significantly."
OPEN = "Open marks are not ranked."
PANELS = ("robust_accuracy", "wga", "accuracy", "sss")
SHARES = {
    "accuracy_agree": "right where shortcuts agree",
    "accuracy_neutral": "right where they are neutral",
    "accuracy_mislead": "right where they mislead",
    "follows": "follows the shortcut",
}


class Named(NamedTuple):
    """A line of a figure: the label by which panels have its estimate, its name as drawn, and its access tier."""

    label: str
    name: str
    access: str = ""


@dataclass(frozen=True)
class Panel:
    """Estimates by label; `open_marks`: the labels drawn as open markers, `notes`: short texts by label."""

    name: str
    points: Mapping[str, Estimate]
    open_marks: Collection[str] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    ideal: float | None = None


def forest(
    panels: Sequence[Panel], rows: Sequence[Named], axis: str, columns: Columns = 2,
    limits: tuple[float, float] | None = None,
) -> Figure:  # fmt: skip
    """Draw a line per row in every panel: point and interval, in the order given, below the name of each access tier.

    `axis`: its label. `limits`: of the axis of all panels, by default wide enough for 0 and every interval. The dashed
    line is the ideal observer.
    """
    low, high = limits or limits_of(panels)
    lines = [line for tier, own in groupby(rows, lambda row: row.access) for line in ([tier] if tier else []) + [*own]]
    wide = min(len(panels), SIDE_BY_SIDE[columns])
    names = min(max(len(row.name) for row in rows), style.LONGEST[columns]) * style.CHARACTER / 72
    room = (style.WIDTHS[columns] - names) / wide - 0.2
    with style.styled():
        figure = style.new_figure(columns, -(-len(panels) // wide) * (FOOT + LINE * len(lines)) + LINE)
        grid = style.panel_grid(figure, len(panels), wide, sharey=True)
        for axes, panel in zip(grid, panels, strict=True):
            _draw(axes, panel, lines)
            axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
            axes.xaxis.set_major_formatter(FuncFormatter(style.fraction))
            axes.set_xlim(low, high)
            axes.set_title(style.wrapped(panel.name, room), loc="left", fontsize=style.SMALL)
        for axes in grid[::wide]:
            _name_lines(axes, lines, columns)
        figure.supxlabel(axis)
        if any(panel.ideal is not None for panel in panels):
            figure.legend(handles=[Line2D([], [], label="ideal observer", **style.DASHED)], loc="outside upper right")
    return figure


def most_panels(rows: Sequence[Named], columns: Columns = 2) -> int:
    """Return how many panels of some rows fit a page."""
    height = FOOT + LINE * (len(rows) + len({row.access for row in rows}))
    return SIDE_BY_SIDE[columns] * max(int((style.MAX_HEIGHT - LINE) / height), 1)


def limits_of(panels: Sequence[Panel]) -> tuple[float, float]:
    """Return axis limits that include 0 and every estimate of the panels with its interval."""
    ends = [end for panel in panels for point in panel.points.values() for end in point.ends]
    ends += [panel.ideal for panel in panels if panel.ideal is not None]
    low, high = min([0.0, *ends]), max([0.05, *ends])
    return low - MARGIN * (high - low), high + MARGIN * (high - low)


def _draw(axes: Axes, panel: Panel, lines: Sequence[Named | str]) -> None:
    for y, line in enumerate(lines):
        if isinstance(line, str):
            axes.axhspan(y - 0.5, y + 0.5, color=style.PALE, alpha=0.5, linewidth=0, zorder=0)
        elif line.label in panel.points:
            _point(axes, y, line, panel)
    if panel.ideal is not None:
        axes.axvline(panel.ideal, zorder=1, **style.DASHED)
    axes.axvline(0, color=style.GREY, linewidth=0.6, zorder=0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    style.grid_lines(axes, "x")


def _point(axes: Axes, y: int, line: Named, panel: Panel) -> None:
    estimate, (colour, mark, _) = panel.points[line.label], style.look(line.label, line.access)
    face = "white" if line.label in panel.open_marks else colour
    axes.plot(estimate.ends, (y, y), color=colour, linewidth=0.9, solid_capstyle="butt", clip_on=False)
    axes.plot(estimate.value, y, mark, color=colour, mfc=face, markersize=3, markeredgewidth=0.6, clip_on=False)
    if note := panel.notes.get(line.label):
        axes.annotate(note, (1, y), (2, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
                      fontsize=style.SMALL, va="center")  # fmt: skip


def _name_lines(axes: Axes, lines: Sequence[Named | str], columns: Columns) -> None:
    texts = [f"access: {line}" if isinstance(line, str) else line.name for line in lines]
    names = [style.drawable(text, style.LONGEST[columns]) for text in texts]
    axes.set_yticks(range(len(lines)), names)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    for text, line in zip(axes.get_yticklabels(), lines, strict=True):
        if isinstance(line, str):
            text.set(color=style.GREY, fontstyle="italic")


class Item(NamedTuple):
    """A figure: the name of its file without suffix, its caption, and the function that draws it."""

    name: str
    caption: str
    draw: Callable[[], Figure]


class Drawn(NamedTuple):
    """A board to draw: its lines as in the frame; the ideal observer's values."""

    name: str
    lines: Sequence[Line]
    ideal: Mapping[str, float]


def boards_drawn(
    suite: Suite, rows: Rows, board: Leaderboard, names: Collection[str], labels: Collection[str] = ()
) -> dict[str, Drawn]:
    """Return the boards to draw of these tasks and sets of tasks, by name.

    `rows`: the rows that the board was built from. `labels`: the rows to draw, by default all.
    """
    made = {}
    for name in names:
        part: Board = board.tasks.get(name) or board.overall[name]
        lines = [line for line in part.lines if not labels or line["submission"] in labels]
        if name in board.tasks:
            task = suite.task(name)
            made[name] = Drawn(name, _with_channel_intervals(task, on_task(rows, name), lines), {})
        else:
            made[name] = Drawn(name if board.overall[name].rungs else f"mean over {name}", lines, {})
    return made


def _with_channel_intervals(task: Task, rows: Mapping[str, TaskRow], lines: Sequence[Line]) -> list[Line]:
    """Add to lines of a task's frame the intervals of how often answers follow each channel."""
    shown = {line["submission"]: rows[line["submission"]] for line in lines if not line.get("reason")}
    baselines = [label for label, row in shown.items() if is_baseline_row(row)]
    more: dict[str, dict[str, Any]] = {label: {} for label in shown}
    for channel in task.channels:
        of_rows = by_label(shown, f"follows/{channel}")
        for label, point in mean_estimates(of_rows, spread_of("follows", of_rows, baselines)).items():
            if point.low is not None:
                more[label] |= end_columns(f"{CHANNEL}{channel}", (point.low, point.high))
    return [{**line, **more.get(line["submission"], {})} for line in lines]


def figures(boards: Sequence[Drawn], full_names: Mapping[str, str], columns: Columns) -> list[Item]:
    """Return a figure of all boards, in parts that fit a page, and a figure of each board's shortcuts."""
    most = most_panels(named([line for board in boards for line in board.lines], full_names), columns)
    parts = [boards[start : start + most] for start in range(0, len(boards), most)]
    items = []
    for number, part in enumerate(parts, 1):
        name = "ranks" if len(parts) == 1 else f"ranks-{number}"
        items.append(Item(name, _caption(part), partial(estimates, part, full_names, columns)))
    for board in boards:
        if channels := channel_keys(board.lines):
            over_units = any(f"{key}_low" in line for key in channels for line in board.lines)
            how = "with 95 % intervals" if over_units else "means over its rungs"
            caption = f"{FOLLOWS} on {board.name}, {how}."
            items.append(Item(f"follows-{board.name}", caption, partial(by_channel, board, full_names, columns)))
    return items


def named(lines: Sequence[Line], full_names: Mapping[str, str]) -> list[Named]:
    """Return the lines of a figure: each row once, by its full name where it has one, by access tier, then as given."""
    first = {line["submission"]: line for line in reversed(lines) if not line.get("reason")}
    order = dict.fromkeys(line["submission"] for line in lines if line["submission"] in first)
    rows = [Named(label, full_names.get(label, label), first[label]["access"]) for label in order]
    return sorted(rows, key=lambda row: tier_place(row.access))


def points(lines: Sequence[Line], key: str) -> dict[str, Estimate]:
    """Return a metric by label, for the lines that have it."""
    return {each["submission"]: point for each in lines if not each.get("reason") and (point := estimate_of(each, key))}


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


def by_channel(board: Drawn, full_names: Mapping[str, str], columns: Columns = 2) -> Figure:
    """Draw how often answers follow each channel, a panel per channel."""
    keys, unranked = {key.removeprefix(CHANNEL): key for key in channel_keys(board.lines)}, _unranked(board.lines)
    panels = [Panel(name, points(board.lines, key), unranked, ideal=board.ideal.get(key)) for name, key in keys.items()]
    return forest(panels, named(board.lines, full_names), column("follows").title.lower(), columns)


def _unranked(lines: Sequence[Line]) -> set[str]:
    return {line["submission"] for line in lines if not line["ranked"]}


def _caption(boards: Sequence[Drawn]) -> str:
    by, where = column(RANKED_BY), f" on {boards[0].name}" if len(boards) == 1 else ""
    few = any(not line["ranked"] and not line.get("reason") for board in boards for line in board.lines)
    letters = any(line.get("letters") for board in boards for line in board.lines)
    about = f"{by.title} ({by.about.partition(';')[0]}){where}, with 95 % intervals."
    return " ".join([about, *[RANKS] * letters, *[OPEN] * few])


def comparison(lines: Sequence[Line], ideal: Mapping[str, float]) -> Figure:
    """Draw a panel per metric, open marks for methods that are not ranked; `lines`: of the frame."""
    open_marks = _unranked(lines)
    panels = [Panel(column(key).title, points(lines, key), open_marks, ideal=ideal.get(key)) for key in PANELS]
    return forest(panels, named(lines, {}), "open marks: not ranked" if open_marks else "", limits=UNIT)


def sensitivity(line: Line, channels: Sequence[str], ideal: Mapping[str, float]) -> Figure:
    """Draw the SSS of each channel, and beside it that of the ideal observer."""
    keys = {name: f"sss_by_channel.{name}" for name in channels}
    found = {name: each for name, key in keys.items() if (each := estimate_of(line, key))}
    best = {name: ideal[key] for name, key in keys.items() if key in ideal}
    rows = [Named(name, name) for name in channels]
    return forest(_beside_ideal("channel redrawn", found, best), rows, "SSS: how far probabilities move")


def draw_task(line: Line, ideal: Mapping[str, float]) -> Figure:
    """Draw the shares of answers of a line that are right, and that follow each shortcut, beside the ideal observer."""
    names = SHARES | {key: f"follows {key.removeprefix(CHANNEL)} alone" for key in channel_keys([line])}
    found = {key: point for key in names if (point := estimate_of(line, key))}
    panels = _beside_ideal("model", found, {key: ideal[key] for key in found if key in ideal})
    return forest(panels, [Named(key, names[key]) for key in found], "share of answers", limits=UNIT)


def _beside_ideal(title: str, found: Mapping[str, Estimate], ideal: Mapping[str, float]) -> list[Panel]:
    best = {key: Estimate(value) for key, value in ideal.items()}
    return [Panel(title, found), *[Panel("ideal observer", best)] * bool(best)]


def heat_map(
    values: Float64, rows: Sequence[str], conditions: Sequence[str], what: str, limits: tuple[float, float]
) -> Figure:
    """Draw values, float64 (R, C), NaN where there is none; `what`: their name, beside the scale from `limits`."""
    with style.styled():
        figure = style.new_figure(2, LINE * len(rows) + 0.5)
        axes, (low, high) = figure.subplots(), limits
        image = axes.imshow(values, cmap=COLOURS, vmin=low, vmax=high, aspect="auto")
        for (y, x), value in np.ndenumerate(values):
            if not np.isnan(value):
                colour = "white" if value < (low + high) / 2 else "black"
                axes.text(x, y, style.fraction(value), ha="center", va="center_baseline", color=colour,
                          fontsize=style.SMALL)  # fmt: skip
        axes.set_yticks(range(len(rows)), [style.drawable(name) for name in rows])
        axes.set_xticks(range(len(conditions)), [style.drawable(name) for name in conditions])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.02, aspect=30, label=what)
        ticks = (low, (low + high) / 2, high)
        bar.ax.set_yticks(ticks, [style.fraction(tick) for tick in ticks])
        bar.outline.set_visible(False)
    return figure
