"""The pictures of one run of `spurgen run`, and of a model that was measured in Python."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spurgen.benchmark.result import Result
from spurgen.benchmark.task import Task
from spurgen.harness.board.columns import CHANNEL, Line, channel_keys, column, estimate_of
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.plots import style
from spurgen.harness.plots.forest import UNIT, Named, Panel, forest
from spurgen.harness.plots.ladder import Climbed, draw_ladder
from spurgen.harness.plots.of_board import named, points
from spurgen.harness.results.rows import NOT_PENALTIES, stacked_curves
from spurgen.harness.statistics.estimate import Estimate

PANELS = ("robust_accuracy", "wga", "accuracy", "sss")
SHARES = {
    "accuracy_agree": "right where shortcuts agree",
    "accuracy_neutral": "right where they are neutral",
    "accuracy_mislead": "right where they mislead",
    "follows": "follows the shortcut",
}
CURVE = 1.5  # inches: height of a panel of curves
COLOURS = (style.INK, style.BLUE, style.ORANGE, style.PURPLE)


def comparison(lines: Sequence[Line], ideal: Mapping[str, float]) -> Figure:
    """Draw a panel per metric, open marks for methods that are not ranked; `lines`: of the frame."""
    open_marks = {line["submission"] for line in lines if not line["ranked"]}
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


def draw_curve(name: str, rungs: Sequence[Task], lines: Mapping[str, Line], whole: Line) -> Figure:
    """Draw a ladder with one row, whose lines are by task; `whole`: its line over the rungs above 0."""
    boards = [[{**lines[rung.name], "submission": name}] for rung in rungs]
    return draw_ladder(Climbed(rungs, boards, [whole or boards[-1][0]]), {})


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
