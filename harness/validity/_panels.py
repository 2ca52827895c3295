"""Parts of the report's plots, which tell things apart by shape and filling, never by colour alone."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spurgen.harness.machine.plotting import INK, grid_lines

MIN_WIDTH = 3.4  # inches, for the text above and below
Whisker = tuple[float | None, tuple[float, float] | None, bool]
"""A point and its interval, each None if unknown, and whether the point is filled."""


def panels(
    count: int, columns: int, width: float, height: float | Sequence[float], *, sharey: bool = False
) -> tuple[Figure, Sequence[Axes]]:
    """Make a plot of `count` panels in rows; `width`, `height`: of each, inches; a row is as high as its highest."""
    columns = min(columns, count)
    each = [height] * count if isinstance(height, int | float) else height
    heights = [max(each[start : start + columns]) for start in range(0, count, columns)]
    figure = Figure(figsize=(max(columns * width, MIN_WIDTH), sum(heights)), layout="constrained")
    grid = figure.subplots(len(heights), columns, squeeze=False, sharey=sharey, height_ratios=heights)
    axes = grid.ravel().tolist()
    for spare in axes[count:]:
        spare.set_axis_off()
    return figure, axes[:count]


def whiskers(axes: Axes, names: Sequence[str], rows: Sequence[Whisker]) -> None:
    """Draw a named row per point with its interval, the first on top."""
    intervals = [(*interval, np.nan) for _, interval, _ in rows if interval]
    places = [(y, y, np.nan) for y, (_, interval, _) in enumerate(rows) if interval]
    axes.plot(np.ravel(intervals), np.ravel(places), color=INK, linewidth=0.8, solid_capstyle="butt")
    for colour, kind in ((INK, True), ("white", False)):
        at = [(x, y) for y, (x, _, filled) in enumerate(rows) if x is not None and filled == kind]
        axes.plot(*np.reshape(at, (-1, 2)).T, "o", markersize=4, color=INK, markerfacecolor=colour)
    axes.tick_params(axis="y", length=0)
    grid_lines(axes, "y")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
