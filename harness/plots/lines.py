"""Learning curves."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.plots import style
from spurgen.harness.plots.style import Columns

PANEL = 1.5  # inches: a panel's height
COLOURS = (style.INK, style.BLUE, style.ORANGE, style.PURPLE)


def learning_curves(
    panels: Mapping[str, Mapping[str, Float64]], columns: Columns = 2, *, shared: bool = False, wide: int = 2
) -> Figure:  # fmt: skip
    """Draw a panel per key with lines by name, float64 (seeds, epochs) each: the mean, and a band over seeds.

    A panel may have the line `epoch`, which is not drawn: where it falls, a further stage of training begins, which a
    dotted line marks. `shared`: whether all panels have one vertical axis, from 0 to 1.
    """
    with style.styled():
        figure = style.new_figure(columns, 0.5 + (1.0 if wide > 2 else PANEL) * -(-len(panels) // wide))
        grid = style.panel_grid(figure, len(panels), wide, sharey=shared)
        for axes, (name, lines) in zip(grid, panels.items(), strict=True):
            _curves(axes, lines)
            axes.set_title(style.wrapped(name, style.WIDTHS[columns] / wide - 0.15), loc="left", fontsize=style.SMALL)
            if shared or any(line.startswith("val") for line in lines):
                axes.set_ylim(-0.03, 1.03)
        figure.supxlabel("epoch, over all stages")
        known = {str(handle.get_label()): handle for axes in grid for handle in axes.get_legend_handles_labels()[0]}
        if known:
            figure.legend(handles=[*known.values()], loc="outside upper center", ncols=2 * columns, columnspacing=1)
    return figure


def _curves(axes: Axes, lines: Mapping[str, Float64]) -> None:
    for k, (name, values) in enumerate(item for item in lines.items() if item[0] != "epoch"):
        epochs, colour = np.arange(1, values.shape[1] + 1), COLOURS[k % len(COLOURS)]
        axes.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, linewidth=0)
        axes.plot(
            epochs, values.mean(axis=0), color=colour, linestyle=style.LINES[k % len(style.LINES)],
            label=name.replace("_", " "), marker="." if len(epochs) == 1 else "",
        )  # fmt: skip
    for start in np.flatnonzero(np.diff(lines["epoch"][0]) <= 0) + 1.5 if "epoch" in lines else ():
        axes.axvline(start, color=style.GREY, linestyle=(0, (1, 2)), linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
    style.grid_lines(axes, "y")
