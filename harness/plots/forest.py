"""Rows with their intervals, by access tier, in panels side by side."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from spurgen.harness.plots import style
from spurgen.harness.plots.style import Columns
from spurgen.harness.statistics.estimate import Estimate

LINE, FOOT = 0.15, 0.45  # inches: a row, and the space below a panel
SIDE_BY_SIDE: dict[Columns, int] = {1: 2, 2: 4}
MARGIN = 0.04  # of an axis, beyond its outermost numbers
UNIT = (-0.02, 1.02)  # of an axis of proportions


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
