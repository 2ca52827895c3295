"""The plots of an experiment: methods compared, training curves, sensitivity per channel."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from spurgen.harness.experiments.summary import ExperimentSummary, MethodSummary
from spurgen.harness.machine.plotting import (
    BLUE,
    GREY,
    HATCHES,
    INK,
    LINES,
    MARKS,
    ORANGE,
    PALE,
    grid_lines,
    new_picture,
    styled,
)
from spurgen.harness.results.curves import NOT_PENALTIES, Curves, stacked_curves

PANELS = {
    "robust_accuracy": "Robust acc.\n(↑ better)",
    "accuracy": "Accuracy\n(↑ better)",
    "wga": "Worst-group acc.\n(↑ better)",
    "sss": "SSS\n(↓ better)",
    "ig": "Invariance gap, nats\n(0: best)",
    "core_sensitivity": "Core sens.\n(↑ better)",
}
WITH_PLACEBO = ("sss", "core_sensitivity")
HALVES = {"sss": "channel redrawn, 95 % interval", "sss_image": "in image only", "sss_caption": "in caption only"}
FACES = ("#9ecae1", "white", "#f2f2f2")  # of bars, which differ by hatching as well, for print
SEED: dict[str, Any] = {"color": GREY, "linestyle": "", "marker": "o", "markersize": 3, "markerfacecolor": "none"}
IDEAL: dict[str, Any] = {"color": BLUE, "linestyle": "--", "linewidth": 1.2}  # the line of the ideal observer
NARROWEST = 0.02  # upper limit of an axis of proportions near 0, so that they look small


def comparison(summary: ExperimentSummary) -> Figure:
    """Draw a bar per method and a panel per metric: mean, 95 % interval, seeds, placebo sensitivity, ideal observer."""
    methods = summary.finished
    with styled():
        single = len(summary.seeds) == 1
        what = "one seed, 95 % interval over test samples" if single else f"mean and 95 % interval, {_seeds(summary)}"
        figure = new_picture(1.9 + 0.36 * len(methods), f"{summary.name}: {what}")
        panels = figure.subplots(1, len(PANELS), sharey=True, squeeze=False)[0]
        rows = np.arange(len(methods))[::-1]
        for axes, (name, title) in zip(panels, PANELS.items(), strict=True):
            axes.margins(x=0.1)
            for row, method in zip(rows, methods, strict=True):
                _bar(axes, row, method, name)
            axes.set_title(title)
            axes.xaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))  # so that 0.0025 fits too
            axes.tick_params(axis="y", length=0)
            grid_lines(axes, "x")
            if name in summary.ideal:
                axes.axvline(summary.ideal[name], **IDEAL)
            if name == "ig":
                axes.axvline(0, color=GREY, linewidth=0.8)
            else:
                axes.set_xlim(0, max(axes.get_xlim()[1], NARROWEST))
        panels[0].axvline(1 / summary.scenario.num_classes, color=GREY, linestyle=":")
        panels[0].set_yticks(rows, [method.name for method in methods])
        panels[0].set_ylim(-0.7, len(methods) - 0.3)
        figure.legend(handles=_comparison_key(summary), loc="outside lower center", ncols=6)
    return figure


def _bar(axes: Axes, row: int, method: MethodSummary, name: str) -> None:
    estimate = method.estimates[name]
    axes.barh(row, estimate.value, 0.44, color=FACES[0], edgecolor=INK, linewidth=0.8)
    if estimate.low is not None:  # no error bar: the interval of a minimum may not contain its value
        axes.plot(estimate.ends, [row, row], color=INK, marker="|", markersize=6, clip_on=False)
    seeds = [result.metrics[name] for result in method.results]
    if len(seeds) > 1:
        axes.plot(
            seeds, [row - 0.36] * len(seeds), "o", color=GREY, markersize=3, markerfacecolor="none", clip_on=False
        )
    if name in WITH_PLACEBO:
        placebo = method.estimates["sss_placebo"].value
        axes.plot(placebo, row, "D", color=ORANGE, markersize=6, markerfacecolor="none", clip_on=False)


def _comparison_key(summary: ExperimentSummary) -> list[Artist]:
    single = len(summary.seeds) == 1
    seed = Line2D([], [], **SEED, label="one seed")
    return [
        Patch(facecolor=FACES[0], edgecolor=INK, label="value" if single else "mean"),
        Line2D([], [], color=INK, marker="|", markersize=6, label="95 % interval"),
        *([] if single else [seed]),
        Line2D([], [], color=ORANGE, linestyle="", marker="D", markersize=6, markerfacecolor="none",
               label="placebo sensitivity"),
        Line2D([], [], color=GREY, linestyle=":", label="chance"),
        *([Line2D([], [], **IDEAL, label="ideal observer")] if summary.ideal else []),
    ]  # fmt: skip


def training_curves(summary: ExperimentSummary, method: MethodSummary) -> Figure:
    """Draw loss, accuracy, WGA and penalties over the epochs: mean over seeds, and a band from minimum to maximum.

    A note below the panels explains which curves are missing.
    """
    curves = stacked_curves(method.results)
    penalties = [name for name in curves if name not in NOT_PENALTIES]
    wanted = {
        "Loss, as minimised" if "risk" in curves else "Loss, nats": ["loss", "risk"],
        "Accuracy on val": ["val_accuracy"],
        "Worst group and pattern on val": ["val_wga", "val_robust"],
        "Penalty" if "penalty" in curves else "The method's own terms": penalties,
    }
    present = {title: [name for name in names if name in curves] for title, names in wanted.items()}
    panels = {title: names for title, names in present.items() if names}
    over = (
        _seeds(summary)
        if len(summary.seeds) == 1 or not panels
        else f"mean over {_seeds(summary)}; band: minimum to maximum"
    )
    rows = -(-len(panels) // 2)
    with styled():
        figure = new_picture(0.8 + 2.2 * rows, f"{summary.name}, {method.name}: training, {over}")
        grid = figure.subplots(rows, 2, squeeze=False).ravel().tolist() if panels else []
        for axes, (title, names) in zip(grid, panels.items(), strict=False):
            axes.set_title(title)
            _curves(axes, curves, names)
        for axes in grid[len(panels) :]:
            axes.remove()
        figure.supxlabel(_missing_curves(method, curves), fontsize=8, color=GREY)
    return figure


def _missing_curves(method: MethodSummary, curves: Curves) -> str:
    if not curves:
        return "the method reports no curves"
    hidden = f"no worst-group curve: validation groups are hidden (access: {method.access})"
    reasons = ["" if "val_wga" in curves else hidden, "" if set(curves) - NOT_PENALTIES else "no penalty reported"]
    return "; ".join(filter(None, reasons))


def _curves(axes: Axes, curves: Curves, names: Sequence[str]) -> None:
    """Draw the lines of one panel."""
    for k, name in enumerate(names):
        values = curves[name]
        epochs = np.arange(1, values.shape[1] + 1)
        color = (INK, BLUE, ORANGE, GREY)[k % 4]
        axes.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=color, alpha=0.18, linewidth=0)
        line, mark = LINES[k % len(LINES)], MARKS[k % len(MARKS)]
        label = name.replace("_", " ")
        axes.plot(epochs, values.mean(axis=0), color=color, linestyle=line, marker=mark, markersize=4, label=label)
    starts = np.flatnonzero(np.diff(curves["epoch"][0]) <= 0) + 1.5
    for start in starts:  # a further stage counts its epochs from 1 again
        axes.axvline(start, color=GREY, linestyle=(0, (1, 2)))
    axes.set_xlabel("epoch, over all stages" if len(starts) else "epoch")
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.set_xlim(0.7, curves["epoch"].shape[1] + 0.3)  # a single epoch has no range of its own
    grid_lines(axes, "y")
    if names[0].startswith("val_"):
        axes.set_ylim(-0.03, 1.03)  # markers at 0 and 1 stay whole
    if len(names) > 1 or names[0] not in NOT_PENALTIES:
        axes.legend()


def sensitivity(summary: ExperimentSummary, method: MethodSummary) -> Figure:
    """Draw each channel's SSS with its interval, that of each half of a twin, of nuisances and the ideal observer."""
    kinds = [kind for kind in HALVES if any(kind in row for row in method.channels.values())]
    placebo = method.estimates["sss_placebo"]
    with styled():
        figure = new_picture(3.4, f"{summary.name}, {method.name}: sensitivity to each channel, {_seeds(summary)}")
        axes = figure.subplots()
        for k, kind in enumerate(kinds):
            _bars(axes, method, kind, k, len(kinds))
        axes.axhline(placebo.value, color=ORANGE, linestyle="--", label="placebo sensitivity")
        axes.axhspan(*placebo.ends, color=PALE, alpha=0.6, linewidth=0, zorder=0, label="its 95 % interval")
        for x, channel in enumerate(method.channels):
            if f"sss/{channel}" in summary.ideal:
                ideal = summary.ideal[f"sss/{channel}"]
                axes.plot([x - 0.4, x + 0.4], [ideal, ideal], **IDEAL, label="" if x else "ideal observer")
        axes.set_xticks(range(len(method.channels)), list(method.channels))
        axes.tick_params(axis="x", length=0)
        axes.set_ylabel("SSS (lower is better)")
        axes.set_ylim(0, max(axes.get_ylim()[1], NARROWEST))
        grid_lines(axes, "y")
        figure.legend(loc="outside lower center", ncols=3)
    return figure


def _bars(axes: Axes, method: MethodSummary, kind: str, k: int, count: int) -> None:
    """Draw one kind of SSS for every channel that has it, as the k-th of `count` bars side by side."""
    shown = [(x, row[kind]) for x, row in enumerate(method.channels.values()) if kind in row]
    width = (0.3 + 0.15 * count) / count
    places = [x + (k - (count - 1) / 2) * width for x, _ in shown]
    estimates = [estimate for _, estimate in shown]
    if kind == "sss":
        for place, estimate in zip(places, estimates, strict=True):
            axes.plot([place, place], estimate.ends, color=INK, marker="_", markersize=7, linewidth=1.2)
    values, label = [estimate.value for estimate in estimates], HALVES[kind]
    axes.bar(places, values, width, color=FACES[k], edgecolor=INK, hatch=HATCHES[k], label=label)


def _seeds(summary: ExperimentSummary) -> str:
    return "1 seed" if len(summary.seeds) == 1 else f"{len(summary.seeds)} seeds"
