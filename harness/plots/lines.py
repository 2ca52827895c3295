"""Lines over a dial: a metric against a strength or a number of counterexamples, and learning curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.plots import style
from spurgen.harness.plots.style import Columns
from spurgen.harness.statistics.estimate import Estimate

PANEL, LEGEND = 1.5, 0.17  # inches: a panel's height, and that of a line of the legend
COLOURS = (style.INK, style.BLUE, style.ORANGE, style.PURPLE)


@dataclass(frozen=True)
class Panel:
    """A metric: a line per row's name, with its estimates at the dial's values, in their order.

    `name`: that of the metric, on the axis. `ideal`: a dashed line.
    """

    name: str
    series: Mapping[str, Sequence[Estimate]]
    ideal: Sequence[float] = ()
    limits: tuple[float, float] | None = None
    title: str = ""


def dial_lines(
    panels: Sequence[Panel], values: Sequence[float], dial: str, columns: Columns = 2, wide: int | None = None
) -> Figure:
    """Draw means with their intervals at each value of a dial, whose name is `dial`.

    `wide`: how many panels of one metric stand side by side; by default each panel has a metric, and all do.
    """
    names = list(dict.fromkeys(name for panel in panels for name in panel.series))
    beside, per_line = wide or len(panels), columns
    with style.styled():
        height = PANEL * -(-len(panels) // beside) + 0.3 + LEGEND * -(-(len(names) + 1) // per_line)
        figure = style.new_figure(columns, height)
        grid = style.panel_grid(figure, len(panels), beside, sharey="row" if wide else False)
        for axes, panel in zip(grid, panels, strict=True):
            for name, (colour, mark) in zip(names, style.SERIES, strict=False):
                if name in panel.series:
                    points = panel.series[name]
                    means = [point.value for point in points]
                    axes.plot(
                        values,
                        means,
                        marker=mark,
                        color=colour,
                        markersize=3,
                        label=style.drawable(name, style.LONGEST[columns]),
                    )
                    axes.vlines(values, *zip(*(point.ends for point in points), strict=True), color=colour)
            if panel.ideal:
                axes.plot(values, panel.ideal, label="ideal observer", **style.DASHED)
            axes.set_ylabel(panel.name)
            axes.set_title(panel.title, loc="left")
            if panel.limits:
                axes.set_ylim(*panel.limits)
            axes.set_xticks(values)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(FuncFormatter(style.fraction))
            style.grid_lines(axes, "y")
        figure.supxlabel(dial)
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=per_line, columnspacing=1, handlelength=1.8)
    return figure


def learning_curves(
    panels: Mapping[str, Mapping[str, Float64]], columns: Columns = 2, *, shared: bool = False, title: str = "",
    wide: int = 2,
) -> Figure:  # fmt: skip
    """Draw a panel per key with lines by name, float64 (seeds, epochs) each: the mean, and a band over seeds.

    A panel may have the line `epoch`, which is not drawn: where it falls, a further stage of training begins, which a
    dotted line marks. `shared`: whether all panels have one vertical axis, from 0 to 1.
    """
    with style.styled():
        figure = style.new_figure(columns, 0.5 + (1.0 if wide > 2 else PANEL) * -(-len(panels) // wide), title)
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
    drawn = {name: values for name, values in lines.items() if name != "epoch"}
    for k, (name, values) in enumerate(drawn.items()):
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
