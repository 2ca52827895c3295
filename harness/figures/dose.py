"""Dose response: a metric against the strength of the correlation, a line per method."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from spurgen.harness.figures.chosen import chosen
from spurgen.harness.figures.sheet import METRICS, Entry, Sheet
from spurgen.harness.figures.style import SERIES, Columns, drawable, fraction, new_figure, paper_style
from spurgen.harness.machine.plotting import GREY, grid_lines

SHOWN = ("robust_accuracy", "reliance")
PANEL, LINE = 1.5, 0.15  # inches: a panel's height, and that of a line of the legend


def on_all(metric: str, rows: Sequence[Entry], sheets: Sequence[Sheet]) -> list[Entry]:
    """Return those of some rows that have a metric on all sheets."""
    return [row for row in rows if all(metric in sheet.by_label[row.label].estimates for sheet in sheets)]


def draw_dose(sheets: Sequence[Sheet], strengths: Sequence[float], columns: Columns = 2) -> Figure:
    """Draw robust accuracy and reliance at each strength, one sheet each, ascending: means with their intervals.

    The dashed line is the ideal observer. Rows that are not on all sheets are left out, and those without a metric on
    all of them in its panel.
    """
    rows = chosen(sheets)
    metrics = [metric for metric in SHOWN if on_all(metric, rows, sheets)]
    wide = 2 * columns
    with paper_style():
        figure = new_figure(columns, PANEL + 0.25 + LINE * -(-(len(rows) + 1) // wide))
        panels: Sequence[Axes] = figure.subplots(1, len(metrics), squeeze=False)[0].tolist()
        for axes, metric in zip(panels, metrics, strict=True):
            _draw(axes, metric, rows, sheets, strengths)
        figure.supxlabel("strength of the correlation")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=wide, columnspacing=1, handlelength=1.8)
    return figure


def _draw(axes: Axes, metric: str, rows: Sequence[Entry], sheets: Sequence[Sheet], strengths: Sequence[float]) -> None:
    drawn = on_all(metric, rows, sheets)
    for row, (colour, mark) in zip(rows, SERIES, strict=False):
        if row not in drawn:
            continue
        points = [sheet.by_label[row.label].estimates[metric] for sheet in sheets]
        values = np.array([point.value for point in points])
        ends = np.array([point.ends for point in points]).T
        axes.plot(strengths, values, marker=mark, color=colour, markersize=3, clip_on=False,
                  label=("> " if row.own else "") + drawable(row.label, 15))  # fmt: skip
        axes.vlines(strengths, *ends, color=colour, linewidth=0.8)
    ideal = [sheet.ideal.get(metric, np.nan) for sheet in sheets]
    if not np.isnan(ideal).any():
        axes.plot(strengths, ideal, "--", color=GREY, linewidth=0.9, label="ideal observer")
    axes.set_ylabel(METRICS[metric].lower())
    if metric == "robust_accuracy":
        axes.set_ylim(-0.02, 1.02)
    axes.set_xticks(strengths)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: fraction(value)))
    grid_lines(axes, "y")
