"""The answer to a question: a verdict, its numbers in two sentences, and its tables as records."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from spurgen.harness.board.columns import Line, estimate_of
from spurgen.harness.board.placing import tier_place
from spurgen.harness.plots.forest import Named, Panel, forest
from spurgen.harness.statistics.estimate import Estimate, end_columns

HOLDS, FAILS, MEASURED = "holds", "does not hold", "measured, no threshold"
VERDICTS = {True: HOLDS, False: FAILS, None: "not judged: what it needs is missing"}


@dataclass(frozen=True)
class Answer:
    """The answer to a question.

    `tables`: lines by title; the ends of an interval are in columns with `_low` and `_high`. `missing`: a line per kind
    of row that the question lacks. `shown`: the tasks whose lines a long table has in Markdown. `plot`: draws it.
    """

    verdict: str
    summary: str
    tables: Mapping[str, Sequence[Line]]
    missing: Sequence[str] = ()
    shown: Sequence[str] = ()
    plot: Callable[[], Figure] | None = field(default=None, compare=False)


def flat(**numbers: Estimate | None) -> dict[str, float | None]:
    """Return the columns of estimates: each number and the ends of its interval."""
    columns: dict[str, float | None] = {}
    for name, number in numbers.items():
        value, low, high = (number.value, number.low, number.high) if number else (None, None, None)
        columns |= {name: value, **end_columns(name, (low, high))}
    return columns


def in_order(texts: Iterable[str]) -> str:
    """Write a text per task, in the order of the tasks, or once where all are the same: 0.38 / 0.36 / 0.04."""
    every = list(texts)
    return every[0] if len(set(every)) == 1 else " / ".join(every)


def number(value: float | Estimate | None, style: str = ".2f") -> str:
    """Write a number of a summary, a dash where there is none; an estimate has its interval in brackets."""
    if value is None:
        return "-"
    return value.text(style) if isinstance(value, Estimate) else format(value, style.replace(".", "z.", 1))


def of_each(lines: Iterable[Line], name: str) -> str:
    """Write a number of every line, with its interval where it has one."""
    return in_order(number(estimate_of(line, name), ".2f") for line in lines)


def all_passed(checks: Iterable[bool | None]) -> bool | None:
    """Return False if a check failed, else None if one could not be made or there is none, else True."""
    made = list(checks)
    if False in made:
        return False
    return None if None in made or not made else True


def forest_of(
    lines: Sequence[Line], name: str, axis: str, *, panel: str = "task", row: str = "submission", filled: str = "",
    notes: str = "", limits: tuple[float, float] | None = None,
) -> Figure:  # fmt: skip
    """Draw the column `name` of lines: a panel per value of `panel`, in each a line per value of `row`, by access tier.

    `filled`, `notes`: columns that say whether a point is filled, and the text beside it.
    """
    panels = []
    for title in dict.fromkeys(line[panel] for line in lines):
        own = {line[row]: line for line in lines if line[panel] == title}
        points = {label: point for label, line in own.items() if (point := estimate_of(line, name))}
        unfilled = [label for label, line in own.items() if filled and not line[filled]]
        beside = {label: line[notes] for label, line in own.items()} if notes else {}
        panels.append(Panel(title, points, unfilled, beside))
    access = {line[row]: line.get("access", "") for line in lines}
    rows = [Named(label, label, tier) for label, tier in sorted(access.items(), key=lambda item: tier_place(item[1]))]
    return forest(panels, rows, axis, limits=limits)


def melted(lines: Iterable[Line], titles: Mapping[str, str]) -> list[Line]:
    """Return a line per task and number, for a plot with a row per number; `titles`: the title of each."""
    return [
        {"task": line["task"], "submission": title, **flat(value=estimate_of(line, name))}
        for line in lines
        for name, title in titles.items()
    ]
