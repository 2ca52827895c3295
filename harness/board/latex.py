"""Boards as LaTeX tables (booktabs), made from the frame as Markdown's are."""

from collections.abc import Sequence

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
    sections = []
    for title, lines in blocks(lines_of(part), part):
        best = _best(lines)
        rows = [
            {title: _cell(title, text, bold=k in best) for title, text in row.items()}
            for k, row in enumerate(table(lines, shown))
        ]
        sections.append((title, rows))
    head = list(dict.fromkeys(title for _, rows in sections for row in rows for title in row))
    body = []
    for title, rows in sections:
        body += [rf"\midrule \multicolumn{{{len(head)}}}{{l}}{{\emph{{{as_latex(title)}}}}} \\"]
        body += [" & ".join(row.get(column, "") for column in head) + r" \\" for row in rows]
    return HEAD + "\n".join(
        [
            r"\begin{table}[t]", r"\centering\footnotesize", rf"\caption{{{as_latex(caption)}}}",
            rf"\label{{tab:spurgen-{name}}}", rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}", r"\toprule",
            " & ".join(map(as_latex, head)) + r" \\", *body, r"\bottomrule", r"\end{tabular}", r"\end{table}", "",
        ]
    )  # fmt: skip


def _best(lines: Sequence[Line]) -> set[int]:
    """Return the places of the ranked lines that are tied for the first rank, if others are significantly worse."""
    first = {k for k, line in enumerate(lines) if line.get("first_rank") == 1}
    return first if first and len(first) < len(lines) else set()


def _cell(title: str, text: str, *, bold: bool) -> str:
    escaped = as_latex(text).replace("-", "$-$") if title != COLUMNS["submission"].title else as_latex(text)
    return rf"\textbf{{{escaped}}}" if bold and title == COLUMNS[BEST].title else escaped
