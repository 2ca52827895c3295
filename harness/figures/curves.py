"""The learning curves of all methods on one sheet: a small panel per method, by access tier."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from spurgen.harness.figures.latex import CAPTION
from spurgen.harness.figures.sheet import Entry, Sheet
from spurgen.harness.figures.style import MAX_HEIGHT, SMALL, Columns, drawable, new_figure, paper_style
from spurgen.harness.machine.plotting import BLUE, GREY, INK, ORANGE, grid_lines
from spurgen.harness.metrics.arrays import Float64

SHOWN: dict[str, tuple[str, str, Any]] = {
    "val_accuracy": ("all samples", INK, "-"),
    "val_robust": ("worst pattern", BLUE, "--"),
    "val_wga": ("worst group", ORANGE, ":"),
}
"""Curves that are drawn where a method reports them: what the legend calls them, their colour and their line."""
SIDE_BY_SIDE: dict[Columns, int] = {1: 3, 2: 6}
PANEL, REST = 0.74, 0.5  # inches: the height of a row of panels, and of the legend and the axis
HEADING = 0.12  # inches: the name of an access tier


def with_curves(sheet: Sheet) -> list[Entry]:
    """Return the rows of a sheet that report one of the curves that are drawn."""
    return [entry for entry in sheet.entries if any(_known(entry.curves.get(name)) for name in SHOWN)]


def draw_curves(sheet: Sheet, columns: Columns = 2) -> Figure:
    """Draw the curves of every row that has any: mean over its units, band from minimum to maximum.

    Every access tier, which may be given val samples of its own, begins a line of panels if the page has room for that.

    A dotted line is where a further stage of training begins. Raise `ValueError` if no row has curves.
    """
    rows = with_curves(sheet)
    if not rows:
        raise ValueError(f"{sheet.name}: no row reports learning curves")
    tiers = [list(group) for _, group in groupby(rows, lambda row: row.access)]
    wide = min(SIDE_BY_SIDE[columns], max(map(len, tiers)))
    lines = _lines(tiers, wide)
    if REST + PANEL * len(lines) + HEADING * len(tiers) > MAX_HEIGHT - CAPTION:
        lines = _lines([rows], wide)
    with paper_style():
        figure = new_figure(columns, REST + PANEL * len(lines) + HEADING * len(tiers))
        grid = figure.subplots(len(lines), wide, sharey=True, squeeze=False)
        for panels, line in zip(grid, lines, strict=True):
            for axes, row in zip(panels, line, strict=False):
                _draw(axes, row)
                if any(row is tier[0] for tier in tiers):
                    _head(axes, row.access)
            for axes in panels[len(line) :]:
                axes.remove()
        figure.supxlabel("epoch, over all stages")
        figure.supylabel("accuracy on val")
        figure.legend(handles=_key(rows), loc="outside upper center", ncols=len(SHOWN), columnspacing=1)
    return figure


def _lines(tiers: Sequence[Sequence[Entry]], wide: int) -> list[Sequence[Entry]]:
    """Divide rows among lines of panels; every tier begins one."""
    return [tier[start : start + wide] for tier in tiers for start in range(0, len(tier), wide)]


def _known(values: Float64 | None) -> bool:
    return values is not None and bool(np.isfinite(values).any())


def _draw(axes: Axes, row: Entry) -> None:
    for name, (_, colour, line) in SHOWN.items():
        values = row.curves.get(name)
        if values is None or not _known(values):
            continue
        epochs = np.arange(1, values.shape[1] + 1)
        axes.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, linewidth=0)
        axes.plot(epochs, values.mean(axis=0), color=colour, linestyle=line, clip_on=False)
    length = row.curves["epoch"].shape[1]
    for start in np.flatnonzero(np.diff(row.curves["epoch"][0]) <= 0) + 1.5:
        axes.axvline(start, color=GREY, linestyle=(0, (1, 2)), linewidth=0.6)
    axes.set_xlim(min(1, length - 0.5), max(length, 1.5))
    axes.set_ylim(0, 1)
    axes.set_yticks((0, 0.5, 1), ("0", ".5", "1"), fontsize=SMALL)
    axes.xaxis.set_major_locator(MaxNLocator(3, integer=True, min_n_ticks=1))
    grid_lines(axes, "y")
    name = ("> " if row.own else "") + drawable(row.label, 15)
    axes.annotate(name, (0, 1), (0, 2), xycoords="axes fraction", textcoords="offset points", fontsize=SMALL)


def _head(axes: Axes, access: str) -> None:
    """Name an access tier above the name of its first panel."""
    axes.annotate(f"access: {drawable(access)}", (0, 1), (0, 10), xycoords="axes fraction", textcoords="offset points",
                  fontsize=SMALL, fontstyle="italic", color=GREY)  # fmt: skip


def _key(rows: Sequence[Entry]) -> list[Line2D]:
    shown = {name for row in rows for name in SHOWN if _known(row.curves.get(name))}
    return [
        Line2D([], [], color=colour, linestyle=line, label=label)
        for name, (label, colour, line) in SHOWN.items()
        if name in shown
    ]
