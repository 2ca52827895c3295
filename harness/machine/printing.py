"""Lines as tables of text or of pandas, lists in sentences, and a stranger's text, harmless in every format."""

import html
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text
from tabulate import tabulate

from spurgen.benchmark.errors import harmless

if TYPE_CHECKING:
    from pandas import DataFrame

FIGURE = re.compile(r"[<>=]*[-+]?[\d.]")  # how a cell of figures begins
LEAST_P = 1e-4  # smaller p-values are not distinguished: no test here is that exact
MARKUP = re.compile(r"[\\*~|\[\]]|(?<![^\W_])_|_(?![^\W_])")
"""Characters that Markdown may take for markup; an underscore between letters, as in `group_dro`, never is."""
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "`": r"\textasciigrave{}", "[": "{[}", "*": "{*}", "†": r"\textdagger{}",
}  # fmt: skip
"""LaTeX's special characters; `[` or `*` at the start of a row would be an argument of the preceding line's end."""
LAST = 0x17F  # later characters need packages of LaTeX


def say(console: Console, line: str | Text, style: str = "") -> None:
    """Print a line unwrapped and without markup; a stranger's names in it are harmless."""
    shown = harmless(line) if isinstance(line, str) else line
    console.print(shown, markup=False, style=style or None, soft_wrap=True)


def _harmless(cell: str) -> str:
    """Return a cell on one line, its indent kept, without characters that move a cursor or reorder text."""
    return harmless(cell.replace("\n", " "))


def markdown_table(lines: Sequence[Mapping[str, object]]) -> str:
    """Return lines as a Markdown table, whose header are their keys; each cell is on one line and harmless.

    Markup is not escaped: a stranger's names go through `as_markdown` before.
    """
    return tabulate(_all_harmless(lines), headers="keys", tablefmt="pipe", disable_numparse=True)


def plain_table(lines: Sequence[Mapping[str, object]]) -> str:
    """Return lines as a table for a terminal, columns of numbers flush right; cells are harmless."""
    shown = _all_harmless(lines)
    columns = list(dict.fromkeys(key for line in shown for key in line))
    numbers = [any(FIGURE.match(str(line.get(key, ""))) for line in shown) for key in columns[1:]]
    aligned = ("left", *("right" if each else "left" for each in numbers))
    return tabulate(shown, headers="keys", disable_numparse=True, colalign=aligned if columns else None)


def _all_harmless(lines: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    return [
        {_harmless(key): _harmless(cell) if isinstance(cell, str) else cell for key, cell in line.items()}
        for line in lines
    ]


def html_table(lines: Sequence[Mapping[str, object]]) -> str:
    """Return lines as a table in HTML, whose header are their keys; texts are escaped."""
    return tabulate(lines, headers="keys", tablefmt="html", disable_numparse=True)


def typed(
    lines: Sequence[Mapping[str, Any]], *, texts: Collection[str], whole: Collection[str], flags: Collection[str]
) -> "DataFrame":
    """Return a pandas table, a line per mapping: strings, whole numbers and truth values as named, all else float64.

    Columns are those that some line has, in the order of their first line; what a line lacks is missing (`NA`, or NaN
    where the column is float64).
    """
    import pandas as pd  # slow to import

    columns = dict.fromkeys(name for line in lines for name in line)
    named = {**dict.fromkeys(texts, "string"), **dict.fromkeys(whole, "Int64"), **dict.fromkeys(flags, "boolean")}
    table = pd.DataFrame([dict(line) for line in lines], columns=list(columns), dtype=object)
    return table.astype({name: named.get(name, "float64") for name in columns})


def p_text(p_value: float | None) -> str:
    """Return a p-value as 0.020, 0.0004 or < 1e-4; a dash where there is no test."""
    if p_value is None:
        return "-"
    if p_value < LEAST_P:
        return "< 1e-4"
    return f"{p_value:.3f}" if p_value >= 10 * LEAST_P else f"{p_value:.4f}"


def p_equals(p_value: float | None) -> str:
    """Return a p-value for a sentence, as `p = 0.020` or `p < 1e-4`."""
    if p_value is None:
        return "not tested"
    shown = p_text(p_value)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"


def first_line(error: str) -> str:
    """Return the first line of an error's message."""
    return (error.splitlines() or ["no reason given"])[0]


def listed(names: Sequence[str], most: int = 12, separator: str = ", ") -> str:
    """Return the first names, and how many more there are: `a, b, and 3 more`."""
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return separator.join([*names[:most], *more])


def failed_check(names: Sequence[str]) -> str:
    """Say which sanity checks failed, by what should have held."""
    return f"failed the sanity check{'s' * (len(names) > 1)} {and_list([f'“{name}”' for name in names])}"


def and_list(names: Sequence[str], word: str = "and") -> str:
    """Return names as a sentence lists them: `a, b and c`; `word` can be `or`."""
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def one_line(text: str) -> str:
    """Return a text on one line, without characters that are invisible or reorder the text around them."""
    return harmless(" ".join(text.split()))


def as_markdown(text: str) -> str:
    """Return a text on one line, escaped for Markdown."""
    return MARKUP.sub(r"\\\g<0>", html.escape(one_line(text)).replace("`", "'"))


def as_cell(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula, without control characters."""
    return ("'" if text[:1] in FORMULAS else "") + harmless(text.replace("\r", " "))


def as_latex(text: str) -> str:
    """Return a text on one line, escaped for LaTeX, with ? for characters that need a package."""
    return "".join(LATEX.get(c, c if ord(c) <= LAST else "?") for c in one_line(text))
