"""One figure for all methods: estimates with their intervals, by access tier."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from spurgen.harness.figures.forest import Panel, forest
from spurgen.harness.figures.sheet import METRICS, Sheet, merged
from spurgen.harness.figures.style import Columns

LIMITS = (-0.02, 1.02)


def draw_estimates(sheets: Sequence[Sheet], columns: Columns = 2) -> Figure:
    """Draw the headline of every row on every sheet, a panel per sheet.

    Letters at the right of a panel are tiers; an open marker is a row that is not ranked;
    the dashed line is the ideal observer.
    """
    panels = [
        Panel(
            sheet.name,
            {entry.label: entry.estimates[sheet.headline] for entry in sheet.entries},
            {entry.label for entry in sheet.entries if entry.ranked},
            {entry.label: entry.letters for entry in sheet.entries},
            sheet.ideal.get(sheet.headline),
        )
        for sheet in sheets
    ]
    axis = METRICS[sheets[0].headline].lower()
    return forest(panels, merged(sheets), axis, columns, LIMITS)
