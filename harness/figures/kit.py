"""Which figures there are of a leaderboard or an experiment, with their captions, and what is left out and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from matplotlib.figure import Figure

from spurgen.benchmark.suite import Suite
from spurgen.harness.figures import captions
from spurgen.harness.figures.chosen import chosen
from spurgen.harness.figures.curves import draw_curves, with_curves
from spurgen.harness.figures.dose import SHOWN, draw_dose, on_all
from spurgen.harness.figures.estimates import draw_estimates
from spurgen.harness.figures.forest import most_panels
from spurgen.harness.figures.patterns import draw_patterns
from spurgen.harness.figures.reliance import channel_metric, draw_reliance
from spurgen.harness.figures.sheet import METRICS, Sheet, merged
from spurgen.harness.figures.style import SERIES, Columns
from spurgen.harness.figures.surface import ROOM, Surface, draw_surface, find_surface
from spurgen.harness.validity.series import Series, find_series

MOST_NAMED = 6  # rows that a message lists


class Item(NamedTuple):
    """A figure: the name of its files without suffix, its caption, and the function that draws it for a width."""

    name: str
    caption: str
    draw: Callable[[Columns], Figure]


@dataclass
class Kit:
    """The figures, and sentences about what is left out."""

    items: list[Item] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, name: str, caption: str, draw: Callable[[Columns], Figure]) -> None:
        """Add a figure."""
        self.items.append(Item(name, caption, draw))


def figure_kit(sheets: Sequence[Sheet]) -> Kit:
    """Return the figures of some sheets: one of all, or as many as their panels need, and those of each."""
    kit = Kit()
    most = most_panels(merged(sheets))
    parts = [sheets[start : start + most] for start in range(0, len(sheets), most)]
    for number, part in enumerate(parts, 1):
        name = "estimates" if len(parts) == 1 else f"estimates-{number}"
        kit.add(name, captions.estimates_caption(part), partial(draw_estimates, part))
    for sheet in sheets:
        kit.left_out += [f"{sheet.name}: without {label}: {reason}" for label, reason in sheet.left_out.items()]
        _add_reliance(kit, sheet)
        _add_patterns(kit, sheet)
        _add_curves(kit, sheet)
    return kit


def _add_reliance(kit: Kit, sheet: Sheet) -> None:
    metric = channel_metric(sheet)
    if metric is None:
        kit.left_out.append(f"{sheet.name}: no figure of reliance, since no row has metrics by channel")
        return
    if metric != "reliance":
        kit.left_out.append(f"{sheet.name}: SSS by channel instead of reliance, which no row has")
    kit.add(f"reliance-{sheet.name}", captions.reliance_caption(sheet), partial(draw_reliance, sheet))


def _add_patterns(kit: Kit, sheet: Sheet) -> None:
    if sheet.task is not None and any(entry.patterns for entry in sheet.entries):
        kit.add(f"patterns-{sheet.name}", captions.patterns_caption(sheet), partial(draw_patterns, sheet))
    else:
        kit.left_out.append(f"{sheet.name}: no heat map, since no row has accuracies by alignment pattern")


def _add_curves(kit: Kit, sheet: Sheet) -> None:
    drawn = [entry.label for entry in with_curves(sheet)]
    silent = [entry.label for entry in sheet.entries if entry.label not in drawn]
    if drawn:
        kit.add(f"curves-{sheet.name}", captions.curves_caption(sheet), partial(draw_curves, sheet))
    if silent:
        who = _named(silent) if drawn else "any row"
        kit.left_out.append(f"{sheet.name}: no learning curves of {who}: not reported")


def add_doses(kit: Kit, suite: Suite, sheets: Mapping[str, Sheet]) -> None:
    """Add a figure per series of dose tasks that have rows, or the surface that several series make."""
    doses = suite.tasks_with("dose")
    lacking = [name for name in doses if name not in sheets]
    if lacking:
        kit.left_out.append(f"dose response: no rows of {_named(lacking)}")
    series = [one for one in find_series({n: t for n, t in doses.items() if n in sheets}) if len(one.tasks) > 1]
    surface = find_surface(series)
    if surface:
        _add_surfaces(kit, surface, sheets)
        return
    for number, one in enumerate(series, 1):
        _add_dose(kit, "dose" if len(series) == 1 else f"dose-{number}", one, [sheets[name] for name in one.tasks])


def _add_dose(kit: Kit, name: str, series: Series, sheets: Sequence[Sheet]) -> None:
    rows = [sheets[0].by_label[label] for label in _drawn(kit, name, sheets)]
    if not rows:
        return
    having = {metric: on_all(metric, rows, sheets) for metric in SHOWN}
    for metric, those in having.items():
        lacking = [row.label for row in rows if row not in those]
        if lacking:
            kit.left_out.append(f"{name}: no {METRICS[metric].lower()} of {_named(lacking)}: not on all tasks")
    caption = captions.dose_caption(sheets, [metric for metric, those in having.items() if those])
    kit.add(name, caption, lambda columns: draw_dose(sheets, series.strengths, columns))


def _add_surfaces(kit: Kit, surface: Surface, sheets: Mapping[str, Sheet]) -> None:
    of_tasks = [sheets[name] for names in surface.tasks for name in names]
    rows = _drawn(kit, "availability", of_tasks)
    for metric in SHOWN:
        if not any(all(metric in sheet.by_label[row].estimates for sheet in of_tasks) for row in rows):
            kit.left_out.append(f"availability: no surface of {metric}, which no row has on all tasks")
            continue
        caption = captions.surface_caption(of_tasks, metric, surface.dial)
        kit.add(f"availability-{metric}", caption, partial(draw_surface, surface, sheets, metric))


def _drawn(kit: Kit, name: str, sheets: Sequence[Sheet]) -> list[str]:
    """Return the rows that a figure of several tasks draws; add those that it leaves out to the kit's sentences."""
    drawn = [entry.label for entry in chosen(sheets, ROOM if name == "availability" else len(SERIES))]
    every = {entry.label for sheet in sheets for entry in sheet.entries}
    on_all = set.intersection(*({entry.label for entry in sheet.entries} for sheet in sheets))
    if every - on_all:
        kit.left_out.append(f"{name}: without {_named(sorted(every - on_all))}: not on all tasks of the series")
    if on_all - set(drawn):
        kit.left_out.append(f"{name}: without {_named(sorted(on_all - set(drawn)))}: room for {len(drawn)} rows")
    return drawn


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
