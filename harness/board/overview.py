"""The whole leaderboard in one table: a line per submission, a column per task."""

from collections.abc import Sequence

import numpy as np
from tabulate import tabulate

from spurgen.harness.board.rendering import as_text, place
from spurgen.harness.board.schema import BoardRow, Leaderboard


def overview_table(board: Leaderboard) -> str:
    """Return the worst-group accuracy and, in brackets, the rank on every task, as a Markdown table.

    Tasks that rank no row are left out. The first column is the mean over the board's first set of tasks, whose order
    the table has; rows that it does not rank come after, by the mean of the ranks that they have.
    """
    tasks = {name: _by_submission(part.rows) for name, part in board.tasks.items() if part.rows}
    sets = [(f"Mean, {name}", _by_submission(part.rows)) for name, part in board.overall.items()]
    title, first = sets[0] if sets else ("", {})
    labels = dict.fromkeys(label for rows in tasks.values() for label in rows)
    every = {label: [rows[label] for rows in tasks.values() if label in rows] for label in labels}

    def mean_rank(label: str) -> tuple[float, str]:
        return float(np.mean([row.rank for row in every[label]])), label

    columns = {**({title: first} if first else {}), **tasks}
    lines = [
        {
            "Submission": as_text(label),
            "Access": as_text(", ".join(sorted({row.access for row in every[label]}))),
            **{name: _entry(rows.get(label)) for name, rows in columns.items()},
        }
        for label in (*first, *sorted(every.keys() - first.keys(), key=mean_rank))
    ]
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def _by_submission(rows: Sequence[BoardRow]) -> dict[str, BoardRow]:
    return {row.submission: row for row in rows}


def _entry(row: BoardRow | None) -> str:
    return "" if row is None else f"{row.value('wga'):.2f} ({place(row)})"
