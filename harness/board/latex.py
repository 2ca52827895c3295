"""Boards as LaTeX tables (booktabs), made from the frame like the Markdown ones; parts of other tables and figures."""

from collections.abc import Collection, Iterable, Sequence

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.columns import Line, cell, column
from spurgen.harness.board.frame import lines_of
from spurgen.harness.board.markdown import blocks
from spurgen.harness.board.schema import Board
from spurgen.harness.machine.printing import as_latex

SHOWN = {
    1: ("submission", "robust_accuracy", "counterexamples"),
    2: ("submission", "robust_accuracy", "counterexamples", "follows", "wga", "sss", "ig", "to_erm"),
}
"""Keys of the board's columns that fit a table as wide as one or two columns of the page."""
SIZES = {1: r"\scriptsize", 2: r"\footnotesize"}
HEAD = "% needs \\usepackage{booktabs}\n"


def board_latex(part: Board, name: str, caption: str, columns: int = 2, labels: Collection[str] = ()) -> str:
    """Return a table of a board's rows over one or two columns of the page, a block per access tier.

    `labels`: the rows to include, by default all. Bold: a row that is significantly better than all others of its tier;
    ties are not bold. Rows that are not ranked stand in a block of their own, without bold type and verdict.
    """
    lines = [line for line in lines_of(part) if not labels or line["submission"] in labels]
    return lines_latex(blocks(lines, part), name, caption, columns)


def lines_latex(
    sections: Iterable[tuple[str, Sequence[Line]]], name: str, caption: str, columns: int = 2,
    shown: Sequence[str] = (), *, stacked: bool = False,
) -> str:  # fmt: skip
    """Return a table of sections: a heading, and lines as in a board's frame.

    `shown`: keys of the columns, by default those of a board. `stacked`: show every interval, below its number. A line
    may name the keys of its bold cells as `bold`.
    """
    made = [
        (title, [_row(line, shown or SHOWN[columns], stacked) for line in _marked(lines)]) for title, lines in sections
    ]
    head = list(dict.fromkeys(title for _, rows in made for row in rows for title in row))
    cells = [(title, [[row.get(column, "") for column in head] for row in rows]) for title, rows in made]
    return latex_table(head, cells, caption, f"tab:spurgen-{name}", columns)


def latex_table(
    head: Sequence[str], sections: Iterable[tuple[str, Iterable[Sequence[str]]]], caption: str, label: str, columns: int
) -> str:
    """Return a table with a heading above each section; cells are LaTeX, all else is plain text."""
    body = []
    for title, rows in sections:
        body.append(rf"\midrule \multicolumn{{{len(head)}}}{{l}}{{\emph{{{as_latex(title)}}}}} \\")
        body += [" & ".join(row) + r" \\" for row in rows]
    tabular = rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}"
    content = [
        SIZES[columns] + r"\setlength{\tabcolsep}{3pt}", tabular, r"\toprule", " & ".join(map(as_latex, head)) + r" \\",
        *body, r"\bottomrule", r"\end{tabular}",
    ]  # fmt: skip
    about = [rf"\caption{{{as_latex(caption)}}}", rf"\label{{{label}}}"]
    return HEAD + _float("table", columns, [*about, *content])


def latex_figure(name: str, caption: str, columns: int) -> str:
    """Return the environment of a figure in a file of that name; `caption` is plain text."""
    about = [rf"\caption{{{as_latex(caption)}}}", rf"\label{{fig:spurgen-{name}}}"]
    return _float("figure", columns, [rf"\includegraphics{{{name}}}", *about])


def bold(cell: str) -> str:
    """Return a cell in bold."""
    return rf"\textbf{{{cell}}}"


def _float(kind: str, columns: int, lines: Sequence[str]) -> str:
    environment = kind if columns == 1 else f"{kind}*"
    begin, end = rf"\begin{{{environment}}}[t]", rf"\end{{{environment}}}"
    return "\n".join([begin, r"\centering", *lines, end, ""])


def _marked(lines: Sequence[Line]) -> list[Line]:
    """Return lines with bold type for the ranked one that is significantly better than all others of its tier."""
    best = {k for k, line in enumerate(lines) if line.get("first_rank") == line.get("last_rank") == 1}
    return [{"bold": {RANKED_BY} if k in best and len(lines) > 1 else (), **line} for k, line in enumerate(lines)]


def _row(line: Line, shown: Sequence[str], stacked: bool) -> dict[str, str]:
    """Return the cells of a line that it fills, by the titles of their columns."""
    texts = {key: cell(key, line, stacked) for key in shown}
    return {column(key).title: _cell(text, line, key, stacked) for key, text in texts.items() if text}


def _cell(text: str, line: Line, key: str, stacked: bool) -> str:
    if isinstance(line.get(key), str):
        return as_latex(text)
    number, _, interval = text.partition(" ") if stacked else (text, "", "")
    shown = bold(_number(number)) if key in line["bold"] else _number(number)
    lines = [shown, *[_number(interval)] * bool(interval)]
    return r"\shortstack[r]{" + r"\\".join(lines) + "}" if stacked else shown


def _number(text: str) -> str:
    return as_latex(text).replace("-", "$-$")
