"""Boards as LaTeX tables (booktabs), made from the frame like the Markdown ones; parts of other tables and figures."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.columns import Line, column, table
from spurgen.harness.board.frame import lines_of
from spurgen.harness.board.markdown import blocks
from spurgen.harness.board.schema import Board
from spurgen.harness.machine.text import as_latex

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


def lines_latex(sections: Iterable[tuple[str, Sequence[Line]]], name: str, caption: str, columns: int = 2) -> str:
    """Return a table of sections: a heading, and lines as in a board's frame."""
    made = [(title, list(_rows(lines, SHOWN[columns]))) for title, lines in sections]
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


def _rows(lines: Sequence[Line], shown: Sequence[str]) -> Iterator[dict[str, str]]:
    best, names = _best(lines), column("submission").title
    for k, row in enumerate(table(lines, shown)):
        cells = {title: as_latex(text) if title == names else _number(text) for title, text in row.items()}
        title = column(RANKED_BY).title
        yield cells | {title: bold(cells[title])} if k in best else cells


def _best(lines: Sequence[Line]) -> set[int]:
    """Return the place of the ranked line that is significantly better than all others of its tier, if there is one."""
    first = {k for k, line in enumerate(lines) if line.get("first_rank") == line.get("last_rank") == 1}
    return first if len(lines) > 1 else set()


def _number(text: str) -> str:
    return as_latex(text).replace("-", "$-$")
