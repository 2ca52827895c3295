"""The heat map of accuracies: a row per method, a column per alignment pattern."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spurgen.harness.figures.forest import name_lines, with_tiers
from spurgen.harness.figures.sheet import Entry, Sheet
from spurgen.harness.figures.style import SMALL, WIDTHS, Columns, new_figure, paper_style
from spurgen.harness.machine.plotting import INK, PALE
from spurgen.harness.metrics.arrays import Float64

LINE = 0.13  # inches: a row
NAMES: dict[Columns, float] = {1: 1.05, 2: 1.4}  # inches, about: the names of the rows
ROOM = 0.21  # inches that a number needs in its cell
COLOURS = "cividis"  # lightness rises evenly, also for the colour-blind (Nuñez et al. 2018)
DARK = 0.5  # below it a cell is dark


def with_patterns(sheet: Sheet) -> list[Entry]:
    """Return the rows of a sheet that have accuracies by alignment pattern."""
    return [entry for entry in sheet.entries if entry.patterns]


def draw_patterns(sheet: Sheet, columns: Columns = 2) -> Figure:
    """Draw the accuracy of every row by alignment pattern; raise `ValueError` if no row has any.

    Patterns are sorted by the number of conflicting channels; the dots below name them: full where a channel conflicts
    with the class, open where it is aligned.
    """
    rows = with_patterns(sheet)
    if not rows or sheet.task is None:
        raise ValueError(f"{sheet.name}: no row has accuracies by alignment pattern")
    patterns = sorted({pattern for row in rows for pattern in row.patterns}, key=lambda p: (p.count("c"), p))
    channels = sheet.task.channels
    lines = with_tiers(rows)
    values = np.array([[_accuracy(line, pattern) for pattern in patterns] for line in lines])
    heights = [LINE * len(lines), LINE * len(channels)]
    with paper_style():
        figure = new_figure(columns, sum(heights) + 0.2)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=heights)
        image = above.imshow(values, cmap=COLOURS, vmin=0, vmax=1, aspect="auto")
        if (WIDTHS[columns] - NAMES[columns]) / len(patterns) >= ROOM:
            _write(above, values)
        name_lines(above, lines, columns)
        above.set_ylim(len(lines) - 0.5, -0.5)
        above.tick_params(length=0, labelbottom=False)
        above.spines[:].set_visible(False)
        _dots(below, patterns, channels)
        bar = figure.colorbar(image, ax=above, fraction=0.03, pad=0.02, aspect=40)
        bar.set_label("accuracy", fontsize=SMALL)
        bar.ax.set_yticks((0, 0.5, 1), ("0", ".5", "1"), fontsize=SMALL)
        bar.outline.set_visible(False)
    return figure


def _write(axes: Axes, values: Float64) -> None:
    for (y, x), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = "white" if value < DARK else "black"
            axes.text(
                x, y, f"{value:.2f}".removeprefix("0"), ha="center", va="center_baseline", color=colour, fontsize=SMALL
            )


def _accuracy(line: Entry | str, pattern: str) -> float:
    """Return an entry's accuracy; NaN, which is not drawn, beside the name of an access tier."""
    return np.nan if isinstance(line, str) else line.patterns.get(pattern, np.nan)


def _dots(axes: Axes, patterns: Sequence[str], channels: Sequence[str]) -> None:
    size = 3.2 if len(patterns) <= 16 else 1.6
    for y, _ in enumerate(channels):
        axes.axhline(y, color=PALE, linewidth=0.5, zorder=0)
        for kind, face in (("a", "white"), ("c", INK)):
            places = [x for x, pattern in enumerate(patterns) if pattern[y : y + 1] == kind]
            axes.plot(places, [y] * len(places), "o", color=INK, mfc=face, markersize=size, markeredgewidth=0.5)
    axes.set_yticks(np.arange(len(channels)), list(channels), fontsize=SMALL)
    axes.set_ylim(len(channels) - 0.4, -0.6)
    axes.tick_params(length=0, labelbottom=False)
    axes.spines[:].set_visible(False)
