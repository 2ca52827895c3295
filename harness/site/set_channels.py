"""The mean over a set of tasks as tables for papers need it: with reliance by channel and its excess."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from spurgen.harness.figures.sheet import Entry, Sheet
from spurgen.harness.figures.tables import EXCESS
from spurgen.harness.statistics.estimate import Estimate

if TYPE_CHECKING:
    from spurgen.harness.site.material import Material


def with_channels(material: "Material", sheet: Sheet, tasks: Sequence[str]) -> Sheet:
    """Return the sheet of a set with the means of what its tasks have in common."""
    first, *others = (material.suite.tasks[name] for name in tasks)
    channels = [name for name in first.channels if all(name in other.channels for other in others)]
    reliances = {name: material.estimates(tasks, f"reliance/{name}") for name in channels}
    excess = material.estimates(tasks, EXCESS)
    ideals = {metric: material.ideal_mean(tasks, metric) for metric in (f"reliance/{name}" for name in channels)}
    return replace(
        sheet,
        entries=[_with(entry, reliances, excess) for entry in sheet.entries],
        ideal={**sheet.ideal, **{metric: ideal for metric, ideal in ideals.items() if ideal is not None}},
    )


def by_channel(material: "Material", name: str) -> Sheet:
    """Return the sheet of a task or of a set, whose first task then gives the order of the channels."""
    sheet = material.sheets[name]
    return sheet if sheet.task else replace(sheet, task=material.suite.tasks[material.board.overall[name].tasks[0]])


def _with(entry: Entry, reliances: Mapping[str, Mapping[str, Estimate]], excess: Mapping[str, Estimate]) -> Entry:
    """Return a row with the reliances, by channel, and the excess that it has; both by label."""
    known = {name: rows[entry.label] for name, rows in reliances.items() if entry.label in rows}
    added = {EXCESS: excess[entry.label]} if entry.label in excess else {}
    return replace(entry, estimates={**entry.estimates, **added}, channels={"reliance": known} if known else {})
