"""The picture of a ladder with names at all its curves: of methods on a user's own data, or of encoders."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from spurgen.harness.plots import style
from spurgen.harness.plots.ladder import APART, HEIGHT, draw_band, label_ends, mark_rungs, places
from spurgen.harness.statistics.estimate import Estimate


def draw_own_ladder(
    curves: Mapping[str, Sequence[Estimate]], rungs: Sequence[int], target: float | None, axis: str
) -> Figure:
    """Draw accuracies by label of the curve, one for each number of counterexamples; `axis`: name of that axis.

    `target`: a line across, None for no such line.
    """
    at = places(rungs)
    with style.styled():
        figure = style.new_figure(2, HEIGHT)
        axes = figure.subplots()
        ends = []
        for (name, curve), (colour, mark) in zip(curves.items(), style.SERIES, strict=False):
            ends.append((name, draw_band(axes, at, curve, colour, mark), colour))
        if target is not None:
            axes.axhline(target, zorder=1, **style.DASHED)
        mark_rungs(axes, rungs, at)
        axes.set_xlabel(axis)
        label_ends(axes, at[-1], ends, APART)
    return figure
