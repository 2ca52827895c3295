"""The leaderboard as LaTeX: a booktabs table per task or set of tasks."""

from collections.abc import Sequence

from spurgen.harness.board.rendering import rank_text
from spurgen.harness.board.schema import BoardRow, Leaderboard
from spurgen.harness.figures.latex import escaped


def to_latex(board: Leaderboard) -> str:
    """Return the ranked rows of every board; the package booktabs is needed."""
    parts = [f"% SpurGen {board.suite}, manifest {board.manifest_sha256}", r"% \usepackage{booktabs}"]
    for name, part in (board.overall | board.tasks).items():
        if part.rows:
            parts += ["", _table(name, part.rows)]
    return "\n".join(parts) + "\n"


def _table(name: str, rows: Sequence[BoardRow]) -> str:
    lines = [
        r"\begin{table}", r"\centering", rf"\caption{{Robust accuracy with 95\,\% intervals on {escaped(name)}.}}",
        r"\begin{tabular}{llrrrr}", r"\toprule",
        r"Access & Method & Rank & Tier & Robust accuracy & Accuracy \\", r"\midrule",
        *(_line(row) for row in rows),
        r"\bottomrule", r"\end{tabular}", r"\end{table}",
    ]  # fmt: skip
    return "\n".join(lines)


def _line(row: BoardRow) -> str:
    ends = "" if row.ranked_by.low is None else r" {\small[" + ", ".join(f"{e:.2f}" for e in row.ranked_by.ends) + "]}"
    cells = [
        escaped(row.access), escaped(row.submission), rank_text(row).replace("-", "--"), row.letters or "--",
        f"{row.ranked_by.value:.2f}{ends}", f"{row.value('accuracy'):.2f}",
    ]  # fmt: skip
    return " & ".join(cells) + r" \\"
