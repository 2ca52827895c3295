"""Rows as points of two metrics, by access tier."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from spurgen.harness.plots import style
from spurgen.harness.plots.forest import Named
from spurgen.harness.plots.style import Columns
from spurgen.harness.statistics.estimate import Estimate

HEIGHT = 2.8  # inches


def scatter(
    rows: Sequence[Named], across: Mapping[str, float], up: Mapping[str, Estimate], axes_names: tuple[str, str],
    named: Sequence[str] = (), columns: Columns = 2, *, diagonal: bool = False,
) -> Figure:  # fmt: skip
    """Draw every row that has both metrics, with the interval of the second; `named`: labels written at their point."""
    shown = [row for row in rows if row.label in across and row.label in up]
    with style.styled():
        figure = style.new_figure(columns, HEIGHT)
        axes = figure.subplots()
        for row in shown:
            (colour, mark), x, y = style.TIERS.get(row.access, style.OTHER), across[row.label], up[row.label]
            axes.plot((x, x), y.ends, color=style.PALE, linewidth=0.8, zorder=1)
            axes.plot(x, y.value, mark, color=colour, markersize=4, zorder=2)
            if row.label in named:
                axes.annotate(
                    style.drawable(row.name), (x, y.value), (4, 3), textcoords="offset points", fontsize=style.SMALL
                )
        if diagonal:
            axes.axline((0, 0), slope=1, color=style.GREY, linewidth=0.6, linestyle=(0, (1, 2)))
        axes.set(xlabel=axes_names[0], ylabel=axes_names[1])
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(style.fraction))
        style.grid_lines(axes, "y")
        tiers = dict.fromkeys(row.access for row in shown)
        figure.legend(handles=[_key(tier) for tier in tiers], loc="outside upper center", ncols=2 * columns)
    return figure


def _key(access: str) -> Line2D:
    colour, mark = style.TIERS.get(access, style.OTHER)
    return Line2D(
        [], [], color=colour, marker=mark, linestyle="", markersize=4, label=f"access: {style.drawable(access)}"
    )
