"""The head of the leaderboard in one table: a line per submission, a column per task."""

from collections.abc import Collection, Sequence

from spurgen.harness.board.placing import tier_place
from spurgen.harness.board.rendering import as_text, rank_text
from spurgen.harness.board.schema import BoardRow, Leaderboard
from spurgen.harness.machine.printing import markdown_table

HEADLINE = ("contrastive", "adversarial", "group_dro", "ssa", "resample", "dfr", "jtt", "erm")
"""Rows of the README's table: a method of each family, and ERM."""


def overview_table(board: Leaderboard, tasks: Collection[str], labels: Sequence[str] = HEADLINE) -> str:
    """Return the robust accuracy and, in brackets, the rank interval of some rows on some tasks, as a Markdown table.

    The first column is the mean over the board's first set of tasks. Rows are sorted by access tier, then by their
    first number. Rows and tasks that the board does not have are left out.
    """
    by_task = {name: _by_submission(part.rows) for name, part in board.tasks.items() if name in tasks and part.rows}
    sets = [(f"Mean, {name}", _by_submission(part.rows)) for name, part in board.overall.items() if part.rows]
    columns = dict([*sets[:1], *by_task.items()])
    first = {label: row for rows in reversed(columns.values()) for label, row in rows.items() if label in labels}
    order = sorted(first.values(), key=lambda row: (tier_place(row.access), -row.ranked_by.value, row.submission))
    lines = [
        {
            "Access": as_text(row.access),
            "Submission": as_text(row.submission),
            **{name: _entry(rows.get(row.submission)) for name, rows in columns.items()},
        }
        for row in order
    ]
    return markdown_table(lines)


def _by_submission(rows: Sequence[BoardRow]) -> dict[str, BoardRow]:
    return {row.submission: row for row in rows}


def _entry(row: BoardRow | None) -> str:
    return "" if row is None else f"{row.ranked_by.value:.2f} ({rank_text(row)} of {row.of})"
