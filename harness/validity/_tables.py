"""Markdown tables and numbers of the report."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from spurgen.harness.board.export import shortened
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.statistics.estimate import Estimate

PASSED = {True: "yes", False: "no", None: "-"}
T = TypeVar("T")


def table(lines: Sequence[Mapping[str, object]]) -> str:
    """Write a Markdown table in which every entry is plain text."""
    safe = [{name: _cell(str(entry)) for name, entry in line.items()} for line in lines]
    return markdown_table(safe)


def _cell(entry: str) -> str:
    """Return an entry as text; a star at its end, which marks what is significant, has no effect in a cell."""
    return as_markdown(entry.removesuffix("*")) + "*" * entry.endswith("*")


def with_note(note: str, *tables: Sequence[Mapping[str, object]]) -> str:
    """Write a note, and tables below it if they have lines."""
    return "\n\n".join([note, *(table(lines) for lines in tables if lines)])


def number(value: float | None, form: str = ".3f") -> str:
    """Write a number, or a dash for None; as in the JSON, so that a tie is rounded alike in both."""
    return "-" if value is None else f"{shortened(value):{form}}"


def with_interval(value: float | None, interval: Sequence[float] | None, form: str = ".3f") -> str:
    """Write a number with its interval: 0.410 (0.320 to 0.510)."""
    if value is None or interval is None:
        return number(value, form)
    return f"{number(value, form)} ({number(interval[0], form)} to {number(interval[1], form)})"


def estimated(value: Estimate | None, form: str = ".2f") -> str:
    """Write an estimate with its interval where it has one, or a dash for None."""
    if value is None:
        return number(None)
    return with_interval(value.value, None if value.low is None else value.ends, form)


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: 5 seeds."""
    return f"{count} {noun}{'s' * (count != 1)}"


def by_task(tasks: Mapping[str, T], describe: Callable[[T], str], main: Iterable[str] = ()) -> str:
    """Describe each main task, or each task if there is no main one: 0.07 (signs-image), 0.19 (signs-text).

    The description is written once where it is the same for all: 1.00 (each).
    """
    shown = {name: tasks[name] for name in main if name in tasks} or tasks
    words = {name: describe(task) for name, task in shown.items()}
    if len(words) > 1 and len(set(words.values())) == 1:
        return f"{next(iter(words.values()))} (each)"
    return ", ".join(f"{word} ({as_markdown(name)})" for name, word in words.items())
