"""Markdown tables of the report."""

from collections.abc import Mapping, Sequence

from tabulate import tabulate

from spurgen.harness.board.rendering import as_text

PASSED = {True: "yes", False: "no", None: "-"}


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
