"""The pictures of an experiment: methods compared, curves of training, sensitivity per channel."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from spurgen.harness.experiments.summary import ExperimentRecord, Figure, MethodResult
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

PANELS = {
    "accuracy": "Accuracy\n(higher: better)",
    "wga": "Worst-group acc.\n(higher: better)",
    "sss": "SSS\n(lower: better)",
    "ig": "Invariance gap, nats\n(0: best)",
    "core_sensitivity": "Core sensitivity\n(higher: better)",
}
FLOORED = ("sss", "core_sensitivity")
FACES = ("#9ecae1", "white", "#f2f2f2")  # of bars, told apart in print by their hatching as well
APART = {"stage", "epoch", "loss", "risk", "val_accuracy", "val_wga"}  # of a curve's entries; the rest are penalties
Curves = Mapping[str, NDArray[np.float64]]


def comparison(record: ExperimentRecord) -> Picture:
    """Draws a bar per method and a panel per figure: mean, 95 % interval, single seeds, placebo floor."""
    methods = record.finished
    with styled():
        picture = new_picture(1.9 + 0.36 * len(methods), f"{record.name}: mean and 95 % interval, {_seeds(record)}")
        panels = picture.subplots(1, len(PANELS), sharey=True, squeeze=False)[0]
        rows = np.arange(len(methods))[::-1]
        for axes, (name, title) in zip(panels, PANELS.items(), strict=True):
            for row, method in zip(rows, methods, strict=True):
                _bar(axes, row, method, name)
            axes.set_title(title)
            axes.xaxis.set_major_locator(MaxNLocator(2, steps=[1, 2, 5, 10]))  # so that 0.0025 fits too
            axes.margins(x=0.1)
            axes.tick_params(axis="y", length=0)
            grid_lines(axes, "x")
        panels[0].axvline(1 / record.scenario.num_classes, color=GREY, linestyle=":")
        panels[3].axvline(0, color=GREY, linewidth=0.8)
        panels[0].set_yticks(rows, [method.name for method in methods])
        panels[0].set_ylim(-0.7, len(methods) - 0.3)
        picture.legend(handles=_comparison_key(), loc="outside lower center", ncols=5)
    return picture


def _bar(axes: Axes, row: int, method: MethodResult, name: str) -> None:
    figure = method.figures[name]
    axes.barh(row, figure.value, 0.44, color=FACES[0], edgecolor=INK, linewidth=0.8)
    if figure.low is not None and figure.high is not None:  # a minimum's interval may lie beside it: no error bar
        axes.plot([figure.low, figure.high], [row, row], color=INK, marker="|", markersize=6)
    single = [seed.figures[name] for seed in method.seeds]
    axes.plot(single, [row - 0.36] * len(single), "o", color=GREY, markersize=3, markerfacecolor="none")
    if name in FLOORED:
        axes.plot(method.figures["sss_placebo"].value, row, "D", color=ORANGE, markersize=6, markerfacecolor="none")


def _comparison_key() -> list[Artist]:
    return [
        Patch(facecolor=FACES[0], edgecolor=INK, label="mean"),
        Line2D([], [], color=INK, marker="|", markersize=6, label="95 % interval"),
        Line2D([], [], color=GREY, linestyle="", marker="o", markersize=3, markerfacecolor="none", label="one seed"),
        Line2D([], [], color=ORANGE, linestyle="", marker="D", markersize=6, markerfacecolor="none",
               label="placebo floor"),
        Line2D([], [], color=GREY, linestyle=":", label="chance"),
    ]  # fmt: skip


def training_curves(record: ExperimentRecord, method: MethodResult) -> Picture:
    """Draws loss, accuracy, WGA and penalties over the epochs: the mean over seeds, and from lowest to highest.

    What a method does not have, or may not see, is said below.
    """
    curves = stacked_curves(method)
    wanted = {
        "Loss, as minimised" if "risk" in curves else "Loss, nats": ["loss", "risk"],
        "Accuracy on val": ["val_accuracy"],
        "Worst-group accuracy on val": ["val_wga"],
        "Penalty" if "penalty" in curves else "The method's own terms": [name for name in curves if name not in APART],
    }
    panels = {title: [name for name in names if name in curves] for title, names in wanted.items()}
    panels = {title: names for title, names in panels.items() if names}
    many = f"mean over {_seeds(record)}; band: lowest to highest"
    over = _seeds(record) if len(method.seeds) == 1 else many
    rows = -(-len(panels) // 2)
    with styled():
        picture = new_picture(0.8 + 2.2 * rows, f"{record.name}, {method.name}: training, {over}")
        grid = picture.subplots(rows, 2, squeeze=False).ravel().tolist() if panels else []
        for axes, (title, names) in zip(grid, panels.items(), strict=False):
            axes.set_title(title)
            _curves(axes, curves, names)
        for axes in grid[len(panels) :]:
            axes.remove()
        picture.supxlabel(_lacking(method, curves), fontsize=8, color=GREY)
    return picture


def _lacking(method: MethodResult, curves: Curves) -> str:
    """Says which curves there are not, and why."""
    if not curves:
        return "the method reports no curves"
    hidden = (
        "" if "val_wga" in curves else f"no worst-group curve: validation groups are hidden (access: {method.access})"
    )
    return "; ".join(filter(None, [hidden, "" if set(curves) - APART else "no penalty"]))


def stacked_curves(method: MethodResult) -> dict[str, NDArray[np.float64]]:
    """Stacks the curves of a method's seeds: float64 (seeds, epochs), NaN where a stage notes no such thing.

    A method's stages follow one another. Entries that do not count their `epoch` are counted; words are left out.
    Empty if a seed has no curves.
    """
    each = [seed.report.curves if seed.report else () for seed in method.seeds]
    length = min(map(len, each), default=0)
    if not length:
        return {}
    names = dict.fromkeys(name for entry in each[0][:length] for name in entry if not isinstance(entry[name], str))
    counted = {"epoch": np.tile(np.arange(1.0, length + 1), (len(each), 1))}
    stacked = {
        name: np.array([[_number(entry.get(name)) for entry in curve[:length]] for curve in each]) for name in names
    }
    return counted | stacked


def _number(value: float | str | None) -> float:
    return np.nan if value is None or isinstance(value, str) else float(value)


def _curves(axes: Axes, curves: Curves, names: Sequence[str]) -> None:
    """Draws one panel's lines."""
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
    if len(names) > 1 or names[0] not in APART:
        axes.legend()


def sensitivity(record: ExperimentRecord, method: MethodResult) -> Picture:
    """Draws the SSS of every channel with its interval, of each half of a twin, and the placebo floor."""
    halves = {
        "sss": "channel redrawn, 95 % interval",
        "sss_image": "in the image only",
        "sss_caption": "in the caption only",
    }
    kinds = [kind for kind in halves if any(kind in row for row in method.channels.values())]
    floor = method.figures["sss_placebo"]
    with styled():
        picture = new_picture(3.4, f"{record.name}, {method.name}: sensitivity to each channel, {_seeds(record)}")
        axes = picture.subplots()
        for k, kind in enumerate(kinds):
            _bars(axes, method, kind, (k, len(kinds)), halves[kind])
        low, high = (floor.value if end is None else end for end in (floor.low, floor.high))
        axes.axhspan(low, high, color=PALE, alpha=0.6, linewidth=0, zorder=0)
        axes.axhline(floor.value, color=ORANGE, linestyle="--", label="placebo floor, 95 % interval")
        axes.set_xticks(range(len(method.channels)), list(method.channels))
        axes.tick_params(axis="x", length=0)
        axes.set_ylabel("SSS (lower is better)")
        axes.set_ylim(0, max(axes.get_ylim()[1], 0.02))  # so that next to nothing looks like it
        grid_lines(axes, "y")
        picture.legend(loc="outside lower center", ncols=4)
    return picture


def _bars(axes: Axes, method: MethodResult, kind: str, place: tuple[int, int], label: str) -> None:
    """Draws one kind of SSS for all channels that have it, the k-th of so many side by side."""
    k, count = place
    shown = [(x, row[kind]) for x, row in enumerate(method.channels.values()) if kind in row]
    width = (0.3 + 0.15 * count) / count
    places = [x + (k - (count - 1) / 2) * width for x, _ in shown]
    errors = np.array([_reach(figure) for _, figure in shown]).T
    axes.bar(places, [f.value for _, f in shown], width, color=FACES[k], edgecolor=INK, hatch=HATCHES[k], label=label)
    if kind == "sss":
        axes.errorbar(places, [f.value for _, f in shown], errors, fmt="none", ecolor=INK, elinewidth=1.2, capsize=3)


def _reach(figure: Figure) -> tuple[float, float]:
    """Returns how far an interval reaches below and above its figure."""
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    return max(figure.value - low, 0.0), max(high - figure.value, 0.0)


def _seeds(record: ExperimentRecord) -> str:
    return "1 seed" if len(record.seeds) == 1 else f"{len(record.seeds)} seeds"
