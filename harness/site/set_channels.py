"""The mean over a set of tasks as tables for papers need it: with reliance by channel, its excess and core use."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from spurgen.harness.figures.sheet import Entry, Sheet
from spurgen.harness.statistics.estimate import Estimate

if TYPE_CHECKING:
    from spurgen.harness.site.material import Material

MORE = ("reliance_excess", "core_use")
"""Metrics that the board of a set does not store."""


def with_channels(material: "Material", sheet: Sheet, tasks: Sequence[str]) -> Sheet:
    """Return the sheet of a set with the means of what its tasks have in common."""
    first, *others = (material.suite.tasks[name] for name in tasks)
    channels = [name for name in first.channels if all(name in other.channels for other in others)]
    reliances = {name: material.estimates(tasks, f"reliance/{name}") for name in channels}
    more = {metric: material.estimates(tasks, metric) for metric in MORE}
    ideals = {metric: material.ideal_mean(tasks, metric) for metric in (f"reliance/{name}" for name in channels)}
    return replace(
        sheet,
        entries=[_with(entry, reliances, more) for entry in sheet.entries],
        ideal={**sheet.ideal, **{metric: ideal for metric, ideal in ideals.items() if ideal is not None}},
    )


def by_channel(material: "Material", name: str) -> Sheet:
    """Return the sheet of a task or of a set, whose first task then gives the order of the channels."""
    sheet = material.sheets[name]
    return sheet if sheet.task else replace(sheet, task=material.suite.tasks[material.board.overall[name].tasks[0]])


def _with(
    entry: Entry, reliances: Mapping[str, Mapping[str, Estimate]], more: Mapping[str, Mapping[str, Estimate]]
) -> Entry:
    """Return a row with the metrics that it has; each by label."""
    label = entry.label
    known = {name: rows[label] for name, rows in reliances.items() if label in rows}
    added = {metric: rows[label] for metric, rows in more.items() if label in rows}
    return replace(entry, estimates={**entry.estimates, **added}, channels={"reliance": known} if known else {})
