"""Parts of the report's plots, which tell things apart by shape and filling, never by colour alone."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spurgen.harness.machine.plotting import INK, grid_lines

MIN_WIDTH = 3.4  # inches, for the text above and below


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


def whisker(axes: Axes, y: float, point: float, interval: Sequence[float] | None, *, filled: bool = True) -> None:
    """Draw a point with its interval, horizontally."""
    if interval is not None:
        axes.plot(interval, [y, y], color=INK, linewidth=0.8, solid_capstyle="butt")
    axes.plot([point], [y], marker="o", markersize=4, color=INK, markerfacecolor=INK if filled else "white")


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Put names on the y axis, the first on top."""
    axes.tick_params(axis="y", length=0)
    grid_lines(axes, "y")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
