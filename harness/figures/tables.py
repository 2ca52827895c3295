"""The tables of a paper: the headline of every row on all tasks, and the metrics and reliances of every row on one."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Literal, NamedTuple

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.figures.latex import Section, Table, bold, escaped, stacked, stacked_words
from spurgen.harness.figures.sheet import METRICS, Entry, Sheet, merged, reasons_text
from spurgen.harness.figures.style import LONGEST, Columns
from spurgen.harness.figures.terms import COLUMNS, DEFINED, PULL, access_defined
from spurgen.harness.machine.printing import and_list, signed
from spurgen.harness.statistics.estimate import Estimate

OTHERS = {
    "wga_corrected": ".3f", "reliance": ".3f", "core_use": ".3f", "accuracy": ".3f", "sss": ".3f", "ig": "+.2f",
}  # fmt: skip
"""Metrics beside the headline, where a row has them, and the format of their numbers."""
TITLES = METRICS | {"reliance": "Largest reliance"}
EXCESS, MINUS = "reliance_excess", "$-$"
FEW = r"$^{\dagger}$"
NONE, NOT_COMPARED = "--", "not compared"


class Style(NamedTuple):
    """How a table is laid out: over how many columns of the page, and where the intervals are."""

    columns: Columns
    intervals: Literal["beside", "below", "left out"]

    @property
    def is_narrow(self) -> bool:
        """Whether long headings are broken."""
        return self.intervals != "beside"


STYLES = (
    Style(1, "beside"), Style(1, "below"), Style(2, "beside"), Style(2, "below"), Style(1, "left out"),
    Style(2, "left out"),
)  # fmt: skip
"""From the best to what is left if nothing else fits the page."""


def main_table(sheets: Sequence[Sheet], means: Sequence[Sheet] = (), columns: Columns = 2) -> str:
    """Return the headline of every row, a column per task and per mean over a set of tasks.

    Tasks that do not fit one table are continued in further ones.
    """
    shown = [*sheets, *means]
    parts = _parts(shown, columns)
    labels = ["main"] if len(parts) == 1 else [f"main {number}" for number in range(1, len(parts) + 1)]
    tables = [_fitting(partial(_main, part, label), columns) for part, label in zip(parts, labels, strict=True)]
    return "\n".join(table.text for table in tables)


def _parts(shown: Sequence[Sheet], columns: Columns) -> list[Sequence[Sheet]]:
    """Divide sheets among as few tables as fit the page."""
    if len(shown) == 1 or _fitting(partial(_main, shown, ""), columns).fits:
        return [shown]
    half = (len(shown) + 1) // 2
    return [*_parts(shown[:half], columns), *_parts(shown[half:], columns)]


def _main(shown: Sequence[Sheet], label: str, style: Style) -> Table:
    first = shown[0]
    head = ["Method", *(_title(sheet.name, style) for sheet in shown)]
    by_sheet = [sheet.by_label for sheet in shown]

    def cells(entry: Entry) -> list[str]:
        there = [rows.get(entry.label) for rows in by_sheet]
        values = [NONE if row is None else _headline(row, first.headline, style) for row in there]
        return [_name(entry, few=any(row is not None and not row.ranked for row in there)), *values]

    what = f"{METRICS[first.headline]} ({DEFINED[first.headline]}) on {and_list([sheet.place for sheet in shown])}"
    return Table(head, _sections(merged(shown), cells), _caption(what, shown, style), _label(label), style.columns)


def task_table(sheet: Sheet, columns: Columns = 2) -> Table:
    """Return the metrics of every row on a task."""
    return _fitting(partial(_of_task, sheet), columns)


def _of_task(sheet: Sheet, style: Style) -> Table:
    others = [metric for metric in OTHERS if any(metric in entry.estimates for entry in sheet.entries)]
    compared = any(entry.difference for entry in sheet.entries)
    titles = [_title(METRICS[sheet.headline], style), *(["To ERM"] if compared else [])]

    def cells(entry: Entry) -> list[str]:
        numbers = [_number(entry.estimates.get(metric), OTHERS[metric]) for metric in others]
        to_erm = [_to_erm(entry)] if compared else []
        return [_name(entry, few=not entry.ranked), _headline(entry, sheet.headline, style), *to_erm, *numbers]

    few = any(entry.difference for entry in sheet.entries if not entry.ranked)
    what = f"Results on {sheet.place}. {METRICS[sheet.headline]}: {DEFINED[sheet.headline]}"
    star = f"Star: differs significantly from {ERM} (Holm, 5 %)." if compared else ""
    head = ["Method", *titles, *(stacked_words(TITLES[metric]) for metric in others)]
    sections = _sections(sheet.entries, cells)
    defined = [COLUMNS[metric] for metric in others] + [PULL] * ("reliance" in others)
    caption = _caption(
        what, [sheet], style, star, *defined, compared=f"compared with {ERM} alone" if few else NOT_COMPARED
    )
    return Table(head, sections, caption, _label(sheet.name), style.columns)


def reliance_table(sheet: Sheet, columns: Columns = 2) -> Table | None:
    """Return the reliance of every row on each channel, below that of the ideal observer; None if no row has any."""
    if not sheet.channel_names("reliance"):
        return None
    return _fitting(partial(_reliance, sheet), columns)


def _reliance(sheet: Sheet, style: Style) -> Table:
    names = sheet.channel_names("reliance")
    has_excess = any(EXCESS in entry.estimates for entry in sheet.entries)
    head = ["Method", *(_title(name, style) for name in names), *(["Excess"] if has_excess else [])]

    def cells(entry: Entry) -> list[str]:
        of_channels = entry.channels.get("reliance", {})
        values = [_estimate(of_channels[name], ".2f", style) if name in of_channels else NONE for name in names]
        excess = [_number(entry.estimates.get(EXCESS), "+.3f")] if has_excess else []
        return [_name(entry, few=not entry.ranked), *values, *excess]

    ideal = [sheet.ideal.get(f"reliance/{name}") for name in names]
    known = any(value is not None for value in ideal)
    numbers = [NONE if value is None else signed(value, ".2f", MINUS) for value in ideal]
    first = [
        Section("Given the distribution of the training data", [["ideal observer", *numbers, *[NONE] * has_excess]])
    ]
    what = f"Reliance on each channel ({DEFINED['reliance']}) on {sheet.name}"
    excess = "Excess: the most by which reliance on a channel exceeds the ideal observer's." if has_excess else ""
    caption = _caption(what, [replace(sheet, intervals=sheet.channel_intervals, rule="")], style, PULL, excess)
    sections = [*(first if known else []), *_sections(sheet.entries, cells)]
    return Table(head, sections, caption, _label(f"reliance {sheet.name}"), style.columns)


def _fitting(make: Callable[[Style], Table], columns: Columns) -> Table:
    """Return a table in the first style that fits the page, from this number of columns on; at worst in the last."""
    tables = [make(style) for style in STYLES if style.columns >= columns]
    return next((table for table in tables if table.fits), tables[-1])


def _title(text: str, style: Style) -> str:
    return stacked_words(text) if style.is_narrow else escaped(text)


def _label(name: str) -> str:
    """Return the label of a table, which holds no character that LaTeX would read."""
    return "tab:spurgen-" + re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()


def _sections(entries: Sequence[Entry], cells: Callable[[Entry], list[str]]) -> list[Section]:
    return [
        Section(f"Access: {escaped(access)}", [cells(entry) for entry in rows])
        for access, rows in groupby(entries, lambda entry: entry.access)
    ]


def _caption(what: str, sheets: Sequence[Sheet], style: Style, *more: str, compared: str = NOT_COMPARED) -> str:
    first = sheets[0]
    entries = [entry for sheet in sheets for entry in sheet.entries]
    why = reasons_text(entries)
    shown = first.intervals and style.intervals != "left out"
    with_intervals = f" with {first.intervals} in brackets" if shown else ""
    parts = [
        f"{what}; means over {first.samples}{with_intervals}.", first.rule,
        f"†: {why}, {compared}." if why else "", *more,
        access_defined(entries),
        "A name after > is no baseline of the benchmark." if any(entry.own for entry in entries) else "",
    ]  # fmt: skip
    return " ".join(part for part in parts if part)


def _name(entry: Entry, *, few: bool) -> str:
    label = entry.label if len(entry.label) <= LONGEST else f"{entry.label[: LONGEST - 3]}..."
    return escaped(("> " if entry.own else "") + label) + (FEW if few else "")


def _headline(entry: Entry, metric: str, style: Style) -> str:
    return _estimate(entry.estimates[metric], ".3f", style, is_best=entry.best)


def _estimate(estimate: Estimate, digits: str, style: Style, *, is_best: bool = False) -> str:
    value = signed(estimate.value, digits, MINUS)
    number = bold(value) if is_best else value
    if estimate.low is None or style.intervals == "left out":
        return number
    interval = "{[}" + ", ".join(signed(end, digits, MINUS) for end in estimate.ends) + "]"
    return stacked(number, interval) if style.intervals == "below" else f"{number} {interval}"


def _number(estimate: Estimate | None, digits: str) -> str:
    return NONE if estimate is None else signed(estimate.value, digits, MINUS)


def _to_erm(entry: Entry) -> str:
    if entry.difference is None:
        return NONE
    value, verdict = entry.difference
    return signed(value, "+.3f", MINUS) + ("" if verdict == "undecided" else "$^{*}$")
