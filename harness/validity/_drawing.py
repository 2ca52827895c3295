"""The look of the report's figures: ink on paper, told apart by shape and filling, never by colour alone."""

import io
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, GREY, FAINT = "#101014", "#808088", "#d8d8dc"
DPI = 150
LEAST_WIDTH = 3.4  # inches, for what is written above and below
Result = TypeVar("Result")
STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "text.color": INK,
    "text.parse_math": False,  # a row's name is text, whatever it holds
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}


def to_png(draw: Callable[[Result], Figure | None], result: Result) -> bytes | None:
    """Draws a result in the report's style: PNG, or None where there is nothing to draw."""
    with matplotlib.rc_context(STYLE):
        figure = draw(result)
        if figure is None:
            return None
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})  # no version in the file
        return buffer.getvalue()


def panels(
    count: int, columns: int, width: float, height: float, *, sharey: bool = False
) -> tuple[Figure, Sequence[Axes]]:
    """Makes a figure of `count` axes in rows; `width`, `height`: of each, inches."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(max(columns * width, LEAST_WIDTH), rows * height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=sharey).ravel().tolist()
    for spare in axes[count:]:
        spare.set_axis_off()
    return figure, axes[:count]


def whisker(axes: Axes, y: float, point: float, interval: Sequence[float] | None, *, filled: bool = True) -> None:
    """Draws a point with its interval, horizontally."""
    if interval is not None:
        axes.plot(interval, [y, y], color=INK, linewidth=0.8, solid_capstyle="butt")
    axes.plot([point], [y], marker="o", markersize=4, color=INK, markerfacecolor=INK if filled else "white")


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Puts names on the y axis, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
