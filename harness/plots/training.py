"""How training went: losses, accuracies and penalties over the epochs."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spurgen.benchmark.result import Result
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.plots import style
from spurgen.harness.results.rows import NOT_PENALTIES, stacked_curves

CURVE = 1.5  # inches: height of a panel of curves
COLOURS = (style.INK, style.BLUE, style.ORANGE, style.PURPLE)


def training_curves(results: Sequence[Result]) -> Figure:
    """Draw loss, accuracy, worst group and penalties over the epochs; a note below names what is missing."""
    curves = stacked_curves(results)
    wanted = {
        "Loss, as minimised" if "risk" in curves else "Loss, nats": ["loss", "risk"],
        "Accuracy on val": ["val_accuracy"],
        "Worst on val: group; agree or mislead": ["val_wga", "val_robust"],
        "Penalty" if "penalty" in curves else "The method's own terms": [n for n in curves if n not in NOT_PENALTIES],
    }
    present = {title: [name for name in names if name in curves] for title, names in wanted.items()}
    panels = {title: {n: curves[n] for n in (*names, "epoch")} for title, names in present.items() if names}
    notes = ["epoch, over all stages" if panels else "the method reports no curves"]
    if curves and "val_wga" not in curves:
        notes.append(f"no worst-group curve: validation groups are hidden (access: {results[0].access})")
    if curves and not set(curves) - NOT_PENALTIES:
        notes.append("no penalty reported")
    with style.styled():
        figure = _learning_curves(panels) if panels else style.new_figure(2, 0.4)
        figure.supxlabel("; ".join(notes))
    return figure


def _learning_curves(panels: Mapping[str, Mapping[str, Float64]]) -> Figure:
    """Draw a panel per key with lines by name, float64 (seeds, epochs) each: the mean, and a band over seeds.

    The entry `epoch` is not drawn: where it falls, a new stage of training begins, which a dotted line marks.
    """
    figure = style.new_figure(2, 0.5 + CURVE * -(-len(panels) // 2))
    grid = style.panel_grid(figure, len(panels), 2)
    for axes, (name, lines) in zip(grid, panels.items(), strict=True):
        _curves(axes, lines)
        axes.set_title(name, loc="left", fontsize=style.SMALL)
        if any(line.startswith("val") for line in lines):
            axes.set_ylim(-0.03, 1.03)
    known = {str(handle.get_label()): handle for axes in grid for handle in axes.get_legend_handles_labels()[0]}
    figure.legend(handles=[*known.values()], loc="outside upper center", ncols=4, columnspacing=1)
    return figure


def _curves(axes: Axes, lines: Mapping[str, Float64]) -> None:
    for k, (name, values) in enumerate(item for item in lines.items() if item[0] != "epoch"):
        epochs, colour = np.arange(1, values.shape[1] + 1), COLOURS[k % len(COLOURS)]
        axes.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, linewidth=0)
        axes.plot(
            epochs, values.mean(axis=0), color=colour, linestyle=style.LINES[k % len(style.LINES)],
            label=name.replace("_", " "), marker="." if len(epochs) == 1 else "",
        )  # fmt: skip
    for start in np.flatnonzero(np.diff(lines["epoch"][0]) <= 0) + 1.5:
        axes.axvline(start, color=style.GREY, linestyle=(0, (1, 2)), linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
    style.grid_lines(axes, "y")
