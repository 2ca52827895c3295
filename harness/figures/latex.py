"""LaTeX text: a stranger's text escaped, and tables by booktabs."""

from collections.abc import Sequence
from typing import NamedTuple

from spurgen.benchmark.errors import harmless
from spurgen.harness.figures.style import Columns

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "`": r"\textasciigrave{}", "[": "{[}", "*": "{*}", "†": r"\textdagger{}",
}  # fmt: skip
"""What means something to LaTeX; a row that began with `[` or `*` would be an argument of the line's end before it."""
LAST = 0x17F  # later characters need packages
HEAD = "% needs \\usepackage{booktabs}\n"


class Section(NamedTuple):
    """Rows of a table below a heading; cells are LaTeX."""

    heading: str
    rows: Sequence[Sequence[str]]


def escaped(text: str) -> str:
    """Return text so that LaTeX prints it as text, on one line; characters that it may not know are question marks."""
    line = harmless(" ".join(text.split()))
    return "".join(SPECIAL.get(c, c if ord(c) <= LAST else "?") for c in line).replace(r" \%", r"\,\%")


def bold(cell: str) -> str:
    """Return a cell in bold."""
    return rf"\textbf{{{cell}}}"


def table(head: Sequence[str], sections: Sequence[Section], caption: str, label: str, columns: Columns) -> str:
    """Return a table: `head` and cells are LaTeX, `caption` is plain text; the first column is flush left."""
    environment = "table" if columns == 1 else "table*"
    lines = [
        rf"\begin{{{environment}}}[t]", r"\centering", r"\setlength{\belowcaptionskip}{4pt}",
        rf"\caption{{{escaped(caption)}}}", rf"\label{{{label}}}",
        r"\scriptsize" if columns == 1 else r"\footnotesize", r"\setlength{\tabcolsep}{4pt}",
        rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}", r"\toprule", _row(head),
    ]  # fmt: skip
    for section in sections:
        lines += [r"\midrule", rf"\multicolumn{{{len(head)}}}{{l}}{{\emph{{{section.heading}}}}} \\"]
        lines += map(_row, section.rows)
    return HEAD + "\n".join([*lines, r"\bottomrule", r"\end{tabular}", rf"\end{{{environment}}}", ""])


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def figure(name: str, caption: str, columns: Columns) -> str:
    """Return the environment of a figure in a file of that name; `caption` is plain text."""
    environment = "figure" if columns == 1 else "figure*"
    return "\n".join(
        [
            rf"\begin{{{environment}}}[t]", r"\centering", rf"\includegraphics{{{name}}}",
            rf"\caption{{{escaped(caption)}}}", rf"\label{{fig:spurgen-{name}}}", rf"\end{{{environment}}}", "",
        ]
    )  # fmt: skip
