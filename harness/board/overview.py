"""The head of the leaderboard in one table: a line per submission, a column per task."""

from collections.abc import Collection, Sequence

from spurgen.harness.board.rendering import as_text, place
from spurgen.harness.board.schema import BoardRow, Leaderboard
from spurgen.harness.machine.printing import markdown_table

HEADLINE = ("contrastive", "adversarial", "group_dro", "ssa", "resample", "dfr", "jtt", "erm")
"""Rows of the README's table: a method of each family, and ERM."""


def overview_table(board: Leaderboard, tasks: Collection[str], labels: Sequence[str] = HEADLINE) -> str:
    """Return the worst-group accuracy and, in brackets, the rank of some rows on some tasks, as a Markdown table.

    The first column is the mean over the board's first set of tasks, whose order the table has. Rows and tasks that
    the board does not have are left out.
    """
    by_task = {name: _by_submission(part.rows) for name, part in board.tasks.items() if name in tasks and part.rows}
    sets = [(f"Mean, {name}", _by_submission(part.rows)) for name, part in board.overall.items() if part.rows]
    columns = dict([*sets[:1], *by_task.items()])
    order = [label for rows in columns.values() for label in rows if label in labels]
    lines = [
        {
            "Submission": as_text(label),
            "Access": as_text(next(rows[label].access for rows in columns.values() if label in rows)),
            **{name: _entry(rows.get(label)) for name, rows in columns.items()},
        }
        for label in dict.fromkeys(order)
    ]
    return markdown_table(lines)


def _by_submission(rows: Sequence[BoardRow]) -> dict[str, BoardRow]:
    return {row.submission: row for row in rows}


def _entry(row: BoardRow | None) -> str:
    return "" if row is None else f"{row.value('wga'):.2f} ({place(row)})"
