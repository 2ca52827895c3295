"""Markdown tables of the report."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from tabulate import tabulate

from spurgen.harness.board.rendering import as_text

PASSED = {True: "yes", False: "no", None: "-"}
T = TypeVar("T")


def table(lines: Sequence[Mapping[str, object]]) -> str:
    """Writes a Markdown table; cells are text, whatever they hold."""
    safe = [{name: as_text(str(cell)) for name, cell in line.items()} for line in lines]
    return tabulate(safe, headers="keys", tablefmt="pipe", disable_numparse=True)


def number(value: float | None, form: str = ".3f") -> str:
    """Writes a number, or a dash for none."""
    return "-" if value is None else f"{value:{form}}"


def with_interval(value: float | None, interval: Sequence[float] | None, form: str = ".3f") -> str:
    """Writes a number with its interval: 0.410 (0.320 to 0.510)."""
    if value is None or interval is None:
        return number(value, form)
    return f"{value:{form}} ({interval[0]:{form}} to {interval[1]:{form}})"


def by_task(tasks: Mapping[str, T], told: Callable[[T], str], main: Iterable[str] = ()) -> str:
    """Write a word on each main task, or on each task where there are none: 0.07 (signs-image), 0.19 (signs-text).

    Once where all are the same: 1.00 (each).
    """
    shown = {name: tasks[name] for name in main if name in tasks} or tasks
    words = {name: told(found) for name, found in shown.items()}
    if len(words) > 1 and len(set(words.values())) == 1:
        return f"{next(iter(words.values()))} (each)"
    return ", ".join(f"{word} ({as_text(name)})" for name, word in words.items())
