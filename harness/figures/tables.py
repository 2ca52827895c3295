"""The tables of a paper: the headline of every row on all tasks, and the metrics of every row on one."""

from collections.abc import Callable, Sequence
from itertools import groupby

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.figures.captions import DEFINED
from spurgen.harness.figures.latex import Section, bold, escaped, table
from spurgen.harness.figures.sheet import METRICS, UNITS, Entry, Sheet, merged
from spurgen.harness.figures.style import Columns
from spurgen.harness.machine.printing import and_list
from spurgen.harness.statistics.estimate import Estimate

OTHERS = {
    "wga_corrected": ".3f", "reliance": ".3f", "core_use": ".3f", "accuracy": ".3f", "sss": ".3f", "ig": "+.2f",
}  # fmt: skip
"""Metrics beside the headline, where a row has them, and the format of their numbers."""
FEW = r"$^{\dagger}$"
NONE = "--"


def main_table(sheets: Sequence[Sheet], means: Sequence[Sheet] = (), columns: Columns = 2) -> str:
    """Return the headline of every row, a column per task and per mean over a set of tasks."""
    shown = [*sheets, *means]
    first = shown[0]
    head = ["Method", *(escaped(sheet.name) for sheet in shown)]
    by_sheet = [sheet.by_label for sheet in shown]

    def cells(entry: Entry) -> list[str]:
        there = [rows.get(entry.label) for rows in by_sheet]
        values = [NONE if row is None else _headline(row, first.headline) for row in there]
        return [_name(entry, few=any(row is not None and not row.ranked for row in there)), *values]

    what = f"{METRICS[first.headline]} ({DEFINED[first.headline]}) on {and_list([sheet.name for sheet in shown])}"
    return table(head, _sections(merged(shown), cells), _caption(what, shown), "tab:spurgen-main", columns)


def task_table(sheet: Sheet, columns: Columns = 2) -> str:
    """Return the metrics of every row on a task."""
    others = [metric for metric in OTHERS if any(metric in entry.estimates for entry in sheet.entries)]
    compared = any(entry.difference for entry in sheet.entries)
    head = ["Method", METRICS[sheet.headline], *(["To ERM"] if compared else []), *(METRICS[m] for m in others)]

    def cells(entry: Entry) -> list[str]:
        numbers = [_number(entry.estimates.get(metric), OTHERS[metric]) for metric in others]
        to_erm = [_to_erm(entry)] if compared else []
        return [_name(entry, few=not entry.ranked), _headline(entry, sheet.headline), *to_erm, *numbers]

    what = f"Rows of {sheet.name}. {METRICS[sheet.headline]}: {DEFINED[sheet.headline]}"
    star = f"Star: differs significantly from {ERM} (Holm, 5 %)." if compared else ""
    sections = _sections(sheet.entries, cells)
    return table(head, sections, _caption(what, [sheet], star), f"tab:spurgen-{sheet.name}", columns)


def _sections(entries: Sequence[Entry], cells: Callable[[Entry], list[str]]) -> list[Section]:
    return [
        Section(f"Access: {escaped(access)}", [cells(entry) for entry in rows])
        for access, rows in groupby(entries, lambda entry: entry.access)
    ]


def _caption(what: str, sheets: Sequence[Sheet], *more: str) -> str:
    first = sheets[0]
    entries = [entry for sheet in sheets for entry in sheet.entries]
    few = f"†: fewer than {first.asked} {UNITS[first.unit]}, not compared."
    parts = [
        f"{what}; means over {first.samples} with {first.intervals} in brackets.", first.rule,
        few if any(not entry.ranked for entry in entries) else "", *more,
        "A name after > is no baseline of the benchmark." if any(entry.own for entry in entries) else "",
    ]  # fmt: skip
    return " ".join(part for part in parts if part)


def _name(entry: Entry, *, few: bool) -> str:
    return escaped(("> " if entry.own else "") + entry.label) + (FEW if few else "")


def _headline(entry: Entry, metric: str) -> str:
    estimate = entry.estimates[metric]
    value = f"{estimate.value:.3f}"
    interval = "" if estimate.low is None else f" {{[}}{estimate.low:.3f}, {estimate.high:.3f}]"
    return (bold(value) if entry.best else value) + interval


def _number(estimate: Estimate | None, style: str) -> str:
    return NONE if estimate is None else _signed(format(estimate.value, style))


def _to_erm(entry: Entry) -> str:
    if entry.difference is None:
        return NONE
    value, verdict = entry.difference
    return _signed(f"{value:+.3f}") + ("" if verdict == "undecided" else "$^{*}$")


def _signed(number: str) -> str:
    """Return a number with a minus sign instead of a hyphen."""
    return f"$-${number[1:]}" if number.startswith("-") else number
