"""Rows with their intervals, grouped by access tier, in panels side by side."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from spurgen.harness.figures.sheet import Entry
from spurgen.harness.figures.style import (
    MAX_HEIGHT,
    SMALL,
    TEXT,
    TIERS,
    WIDTHS,
    Columns,
    drawable,
    fraction,
    new_figure,
    paper_style,
)
from spurgen.harness.machine.plotting import GREY, INK, PALE, grid_lines
from spurgen.harness.statistics.estimate import Estimate

LINE, FOOT = 0.128, 0.4  # inches: a row or a line of text, and what lies below a panel besides its name
NAMES = 0.8  # inches, about: the names of the rows
LETTER = 0.055  # inches that a small letter needs, at most
SIDE_BY_SIDE: dict[Columns, int] = {1: 3, 2: 6}
LONGEST: dict[Columns, int] = {1: 21, 2: 24}  # characters of a name
NAME_SIZE: dict[Columns, float] = {1: SMALL, 2: TEXT}  # points
MARKER: dict[Columns, float] = {1: 2.4, 2: 3.0}  # points
NAME_LINES = 3  # of a panel, at most
MARGIN = 0.04  # of an axis, beyond its outermost numbers
OTHER = (GREY, "P")  # colour and marker of an access tier that the contract does not have
DASHED: dict[str, Any] = {"color": INK, "linestyle": (0, (3, 2)), "linewidth": 0.8}  # the ideal observer


@dataclass(frozen=True)
class Panel:
    """Estimates by label; `filled`: the labels of full markers, `notes`: short texts by label, such as letters."""

    name: str
    points: Mapping[str, Estimate]
    filled: Collection[str]
    notes: Mapping[str, str] = field(default_factory=dict)
    ideal: float | None = None


def forest(
    panels: Sequence[Panel], entries: Sequence[Entry], axis: str, columns: Columns, limits: tuple[float, float],
    ticks: int = 3,
) -> Figure:  # fmt: skip
    """Draw a line per entry in every panel: point and interval, by access tier; `axis`: what the numbers are.

    `ticks`: how many intervals between ticks there are, at most.
    """
    lines = with_tiers(entries)
    wide = min(len(panels), SIDE_BY_SIDE[columns])
    blocks = -(-len(panels) // wide)
    room = (WIDTHS[columns] - NAMES) / wide
    names = [wrap(drawable(panel.name), int(room / LETTER)) for panel in panels]
    known = any(panel.ideal is not None for panel in panels)
    notes = [note for panel in panels for note in panel.notes.values()]  # of all, so that panels are alike
    with paper_style():
        height = FOOT + LINE * (len(lines) + max(map(len, names)))
        figure = new_figure(columns, blocks * height + LINE * known)
        grid = figure.subplots(blocks, wide, sharey=True, squeeze=False).ravel().tolist()
        for axes, panel, name in zip(grid, panels, names, strict=False):
            _draw(axes, panel, lines, MARKER[columns])
            axes.xaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
            axes.set_xlim(limits[0], _end(limits, notes, room))
            axes.spines["bottom"].set_bounds(limits)
            axes.set_xlabel("\n".join(name), fontsize=SMALL)
        for axes in grid[len(panels) :]:
            axes.remove()
        for axes in grid[: len(panels) : wide]:
            name_lines(axes, lines, columns)
        if known:
            figure.legend(handles=[Line2D([], [], label="ideal observer", **DASHED)], loc="outside upper right")
        label_below(figure, grid[: len(panels)], axis)
    return figure


def label_below(figure: Figure, panels: Sequence[Axes], text: str) -> None:
    """Write a label below a figure, in the middle of its panels instead of the figure's."""
    label = figure.supxlabel(text)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)  # places the panels
    boxes = [axes.get_position() for axes in panels]
    label.set_x((min(box.x0 for box in boxes) + max(box.x1 for box in boxes)) / 2)


def most_panels(entries: Sequence[Entry]) -> int:
    """Return how many panels a figure of these entries holds in either width, at least a line of them."""
    height = FOOT + LINE * (len(with_tiers(entries)) + NAME_LINES)
    return SIDE_BY_SIDE[1] * max(int((MAX_HEIGHT - LINE) / height), 1)


def limits_of(panels: Sequence[Panel]) -> tuple[float, float]:
    """Return limits of an axis that holds 0 and every estimate of some panels with its interval."""
    ends = [end for panel in panels for point in panel.points.values() for end in point.ends]
    ends += [panel.ideal for panel in panels if panel.ideal is not None]
    low, high = min([0.0, *ends]), max([0.05, *ends])
    return low - MARGIN * (high - low), high + MARGIN * (high - low)


def _end(limits: tuple[float, float], notes: Collection[str], room: float) -> float:
    """Return the right end of a panel of `room` inches that has notes right of its limits."""
    longest = max(map(len, notes), default=0)
    share = min(LETTER * (longest + 1) / room, 0.5) if longest else 0.0
    return limits[0] + (limits[1] - limits[0]) / (1 - share)


def with_tiers(entries: Sequence[Entry]) -> list[Entry | str]:
    """Return the entries with the name of each access tier before its first one."""
    lines: list[Entry | str] = []
    for before, entry in zip([None, *entries], entries, strict=False):
        lines += [entry.access] if before is None or before.access != entry.access else []
        lines.append(entry)
    return lines


def _draw(axes: Axes, panel: Panel, lines: Sequence[Entry | str], size: float) -> None:
    for y, line in enumerate(lines):
        if isinstance(line, str):
            axes.axhspan(y - 0.5, y + 0.5, color=PALE, alpha=0.5, linewidth=0, zorder=0)
        elif line.label in panel.points:
            _point(axes, y, line, panel, size)
    if panel.ideal is not None:
        axes.axvline(panel.ideal, color="white", linewidth=1.8, zorder=1)  # gaps are white where it lies on a line
        axes.axvline(panel.ideal, zorder=1.1, **DASHED)
    axes.axvline(0, color=GREY, linewidth=0.6, zorder=0.5)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: fraction(value)))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    grid_lines(axes, "x")


def _point(axes: Axes, y: int, entry: Entry, panel: Panel, size: float) -> None:
    estimate = panel.points[entry.label]
    colour, mark = TIERS.get(entry.access, OTHER)
    axes.plot(estimate.ends, (y, y), color=colour, linewidth=0.9, solid_capstyle="butt", clip_on=False)
    face = colour if entry.label in panel.filled else "white"
    axes.plot(estimate.value, y, mark, color=colour, mfc=face, markersize=size, markeredgewidth=0.6, clip_on=False)
    note = panel.notes.get(entry.label)
    if note:
        across = axes.get_yaxis_transform()
        axes.text(0.99, y, note, transform=across, fontsize=SMALL, ha="right", va="center_baseline")


def name_lines(axes: Axes, lines: Sequence[Entry | str], columns: Columns) -> None:
    """Name lines at the left of a panel: entries, and access tiers in italics."""
    longest = LONGEST[columns]
    names = [
        f"access: {drawable(line, longest)}"
        if isinstance(line, str)
        else ("> " if line.own else "") + drawable(line.label, longest)
        for line in lines
    ]
    axes.set_yticks(np.arange(len(lines)), names, fontsize=NAME_SIZE[columns])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    for text, line in zip(axes.get_yticklabels(), lines, strict=True):
        if isinstance(line, str):
            text.set(color=GREY, fontstyle="italic", fontsize=SMALL)
