"""Boards as LaTeX tables (booktabs), made from the frame as Markdown's are."""

from collections.abc import Iterable, Sequence

from spurgen.harness.board.columns import COLUMNS, Line, table
from spurgen.harness.board.frame import lines_of
from spurgen.harness.board.markdown import blocks
from spurgen.harness.board.schema import SetBoard, TaskBoard
from spurgen.harness.machine.text import as_latex

SHOWN = ("submission", "robust_accuracy", "to_erm", "wga_corrected", "reliance", "core_use", "accuracy", "sss", "ig")
BEST = "robust_accuracy"
HEAD = "% needs \\usepackage{booktabs}\n"


def board_latex(part: TaskBoard | SetBoard, name: str, caption: str, shown: Sequence[str] = SHOWN) -> str:
    """Return a table of a board's rows, a block per access tier; `shown`: keys of columns.

    Bold: the rows of a tier that no other row of it exceeds significantly, unless they are all of its ranked rows.
    Rows that are not ranked stand in a block of their own, without bold type and verdict.
    """
    made = []
    for title, lines in blocks(lines_of(part), part):
        best = _best(lines)
        rows = [
            {title: _cell(title, text, best=k in best) for title, text in row.items()}
            for k, row in enumerate(table(lines, shown))
        ]
        made.append((title, rows))
    head = list(dict.fromkeys(title for _, rows in made for row in rows for title in row))
    cells = [(title, [[row.get(column, "") for column in head] for row in rows]) for title, rows in made]
    return latex_table(head, cells, caption, f"tab:spurgen-{name}", columns=1)


def latex_table(
    head: Sequence[str], sections: Iterable[tuple[str, Iterable[Sequence[str]]]], caption: str, label: str, columns: int
) -> str:
    """Return a table with a heading above each section; cells are LaTeX, all else is plain text."""
    body = []
    for title, rows in sections:
        body.append(rf"\midrule \multicolumn{{{len(head)}}}{{l}}{{\emph{{{as_latex(title)}}}}} \\")
        body += [" & ".join(row) + r" \\" for row in rows]
    environment = "table" if columns == 1 else "table*"
    return HEAD + "\n".join(
        [
            rf"\begin{{{environment}}}[t]", r"\centering\footnotesize", rf"\caption{{{as_latex(caption)}}}",
            rf"\label{{{label}}}", rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}", r"\toprule",
            " & ".join(map(as_latex, head)) + r" \\", *body, r"\bottomrule", r"\end{tabular}",
            rf"\end{{{environment}}}", "",
        ]
    )  # fmt: skip


def bold(cell: str) -> str:
    """Return a cell in bold."""
    return rf"\textbf{{{cell}}}"


def _best(lines: Sequence[Line]) -> set[int]:
    """Return the places of the ranked lines that are tied for the first rank, if others are significantly worse."""
    first = {k for k, line in enumerate(lines) if line.get("first_rank") == 1}
    return first if first and len(first) < len(lines) else set()


def _cell(title: str, text: str, *, best: bool) -> str:
    escaped = as_latex(text).replace("-", "$-$") if title != COLUMNS["submission"].title else as_latex(text)
    return bold(escaped) if best and title == COLUMNS[BEST].title else escaped
