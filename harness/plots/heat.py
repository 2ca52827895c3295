"""A heat map of proportions: a line per row, a column per condition."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.plots import style

LINE = 0.15  # inches: a row
COLOURS = "cividis"  # lightness rises evenly, also for the colour-blind (Nuñez et al. 2018)


def heat_map(
    values: Float64, rows: Sequence[str], conditions: Sequence[str], what: str, limits: tuple[float, float]
) -> Figure:
    """Draw values, float64 (R, C), NaN where there is none; `what`: their name, beside the scale from `limits`."""
    with style.styled():
        figure = style.new_figure(2, LINE * len(rows) + 0.5)
        axes, (low, high) = figure.subplots(), limits
        image = axes.imshow(values, cmap=COLOURS, vmin=low, vmax=high, aspect="auto")
        for (y, x), value in np.ndenumerate(values):
            if not np.isnan(value):
                colour = "white" if value < (low + high) / 2 else "black"
                axes.text(x, y, style.fraction(value), ha="center", va="center_baseline", color=colour,
                          fontsize=style.SMALL)  # fmt: skip
        axes.set_yticks(range(len(rows)), [style.drawable(name) for name in rows])
        axes.set_xticks(range(len(conditions)), [style.drawable(name) for name in conditions])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.02, aspect=30, label=what)
        ticks = (low, (low + high) / 2, high)
        bar.ax.set_yticks(ticks, [style.fraction(tick) for tick in ticks])
        bar.outline.set_visible(False)
    return figure
