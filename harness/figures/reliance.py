"""How far every method relies on each channel."""

from matplotlib.figure import Figure

from spurgen.harness.figures.forest import Panel, forest, limits_of
from spurgen.harness.figures.sheet import METRICS, Sheet
from spurgen.harness.figures.style import Columns


def channel_metric(sheet: Sheet) -> str | None:
    """Return the metric by channel that a sheet's rows have: reliance, else SSS; None if they have neither."""
    return next((metric for metric in ("reliance", "sss") if sheet.channel_names(metric)), None)


def draw_reliance(sheet: Sheet, columns: Columns = 2) -> Figure:
    """Draw the reliance of every row on each channel, a panel per channel; raise `ValueError` if no row has any.

    The dashed line is the ideal observer; an open marker is a row that is not ranked.
    """
    metric = channel_metric(sheet)
    if metric is None:
        raise ValueError(f"{sheet.name}: no row has a metric by channel")
    filled = {entry.label for entry in sheet.entries if entry.ranked}
    by_label = {entry.label: entry.channels.get(metric, {}) for entry in sheet.entries}
    panels = [
        Panel(
            channel,
            {label: row[channel] for label, row in by_label.items() if channel in row},
            filled,
            ideal=sheet.ideal.get(f"{metric}/{channel}"),
        )
        for channel in sheet.channel_names(metric)
    ]
    return forest(panels, sheet.entries, METRICS[metric].lower(), columns, limits_of(panels), ticks=5)
