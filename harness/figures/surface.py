"""Surfaces: a metric over two dials, the strength of the correlation and what another series of tasks varies."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from spurgen.harness.figures.chosen import chosen
from spurgen.harness.figures.dose import on_all
from spurgen.harness.figures.forest import label_below
from spurgen.harness.figures.patterns import COLOURS, DARK
from spurgen.harness.figures.sheet import METRICS, Entry, Sheet
from spurgen.harness.figures.style import SMALL, WIDTHS, Columns, drawable, fraction, new_figure, paper_style
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.validity.series import Series

SIDE_BY_SIDE: dict[Columns, int] = {1: 3, 2: 6}
ROOM = 12  # methods
SHARES = ("robust_accuracy", "accuracy", "wga_corrected")  # drawn from 0 to 1
BY_CHANNEL = ("reliance", "sss")
LEAST = 0.05  # end of the scale, at least
NAMES = 0.85  # inches, about: the names of the rows and the colour bar
CELL = (0.26, 0.3)  # inches: width, at least, and height of a cell
HEAD, REST = 0.22, 0.35  # inches: what lies between two rows of panels, and the axis


class Surface(NamedTuple):
    """Tasks over two dials: `tasks[row][column]`, by the values of another dial, ascending, and by strength.

    `dial`: its name, empty where the series differ in several fields; `values`: as text.
    """

    dial: str
    values: list[str]
    strengths: list[float]
    tasks: list[list[str]]


def find_surface(series: Sequence[Series]) -> Surface | None:
    """Return the surface of several series with the same strengths, or None if they make none."""
    if len(series) < 2 or len({tuple(one.strengths) for one in series}) > 1 or len(series[0].strengths) < 2:
        return None
    named = [one.name.rpartition(" ") for one in series]
    dials = {dial for dial, _, _ in named}
    single = len(dials) == 1 and "," not in named[0][0]
    labelled = [(value if single else one.name, one) for one, (_, _, value) in zip(series, named, strict=True)]
    ordered = sorted(labelled, key=lambda pair: (_number(pair[0]), pair[0]))
    return Surface(
        dial=dials.pop() if single else "",
        values=[value for value, _ in ordered],
        strengths=series[0].strengths,
        tasks=[one.tasks for _, one in ordered],
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.inf


def draw_surface(
    surface: Surface, sheets: Mapping[str, Sheet], metric: str = "robust_accuracy", columns: Columns = 2
) -> Figure:
    """Draw a metric over both dials, a panel per method; rows that are not on all tasks are left out.

    Raise `ValueError` if no row has the metric on all tasks.
    """
    flat = [sheets[name] for names in surface.tasks for name in names]
    rows = on_all(metric, chosen(flat, ROOM), flat)
    if not rows:
        raise ValueError(f"no row has {metric} on all of {', '.join(sheet.name for sheet in flat)}")
    values = {row.label: _values(surface, sheets, row, metric) for row in rows}
    every = np.concatenate([value for value, _ in values.values()])
    limits = min(0.0, float(every.min())), 1.0 if metric in SHARES else max(LEAST, float(every.max()))
    most = max(1, int((WIDTHS[columns] - NAMES) / (CELL[0] * len(surface.strengths))))
    tall = -(-len(rows) // min(most, SIDE_BY_SIDE[columns]))
    wide = -(-len(rows) // tall)  # so that rows of panels are about as long
    with paper_style():
        figure = new_figure(columns, REST + (HEAD + CELL[1] * len(surface.values)) * tall)
        grid: Sequence[Axes] = figure.subplots(tall, wide, sharex=True, sharey=True, squeeze=False).ravel().tolist()
        images = [_draw(axes, row, values[row.label], surface, limits) for axes, row in zip(grid, rows, strict=False)]
        for axes in grid[len(rows) :]:
            axes.remove()
        for axes in grid[len(rows) - wide : len(rows)]:  # below a panel that was removed the axis has no numbers
            axes.tick_params(labelbottom=True)
        figure.supylabel(drawable(surface.dial.replace("_", " ")) if surface.dial else "settings")
        bar = figure.colorbar(images[0], ax=grid[: len(rows)], fraction=0.03, pad=0.01, aspect=12 * tall)
        bar.set_label(_named(metric, flat), fontsize=SMALL)
        ends = (limits[0], sum(limits) / 2, limits[1])
        bar.ax.set_yticks(ends, [fraction(end) for end in ends], fontsize=SMALL)
        bar.outline.set_visible(False)
        label_below(figure, grid[: len(rows)], "strength of the correlation")
    return figure


def _named(metric: str, sheets: Sequence[Sheet]) -> str:
    """Return a metric's name, and the channel where all tasks have the same single one."""
    channels = {sheet.task.channels for sheet in sheets if sheet.task}
    single = next(iter(channels)) if len(channels) == 1 else ()
    on = f" on {drawable(single[0])}" if metric in BY_CHANNEL and len(single) == 1 else ""
    return METRICS[metric].lower() + on


def _values(surface: Surface, sheets: Mapping[str, Sheet], row: Entry, metric: str) -> tuple[Float64, Float64]:
    """Return a row's means, and half the widths of their intervals, NaN where there is none; both as the surface is.

    Intervals are cut at the ends of a metric's range, so the end that is farther from the mean is the one that is not.
    """
    points = [[sheets[name].by_label[row.label].estimates[metric] for name in names] for names in surface.tasks]
    halves = [
        [np.nan if p.low is None else max(p.value - p.ends[0], p.ends[1] - p.value) for p in line] for line in points
    ]
    return np.array([[point.value for point in line] for line in points]), np.array(halves)


def _draw(
    axes: Axes, row: Entry, values: tuple[Float64, Float64], surface: Surface, limits: tuple[float, float]
) -> AxesImage:
    means, halves = values
    image = axes.imshow(means, cmap=COLOURS, vmin=limits[0], vmax=limits[1], aspect="auto", origin="lower")
    for (y, x), value in np.ndenumerate(means):
        dark = (value - limits[0]) / (limits[1] - limits[0]) < DARK
        lines = [f"{value:z.2f}", *([] if np.isnan(halves[y, x]) else [f"±{halves[y, x]:.2f}"])]
        text = "\n".join(line.replace("0.", ".", 1) for line in lines)
        axes.text(x, y, text, ha="center", va="center", color="white" if dark else "black", fontsize=SMALL)
    axes.set_xticks(range(len(surface.strengths)), [fraction(strength) for strength in surface.strengths])
    axes.set_yticks(range(len(surface.values)), [drawable(value, 12) for value in surface.values], fontsize=SMALL)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    name = ("> " if row.own else "") + drawable(row.label, 15)
    axes.annotate(name, (0, 1), (0, 2), xycoords="axes fraction", textcoords="offset points", fontsize=SMALL)
    return image
