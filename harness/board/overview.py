"""The whole leaderboard in one table: a line per submission, a column per task."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from tabulate import tabulate

from spurgen.harness.board.rendering import as_text, place


def overview_table(board: Mapping[str, Any]) -> str:
    """Writes the worst-group accuracy and, in brackets, the rank on every task, as a Markdown table.

    Tasks that rank nobody are left out. The first column is the mean over the board's first set of tasks, whose
    order the table has; whom it does not rank comes after, by the mean of the ranks there are.
    """
    tasks = {name: _by_submission(part) for name, part in board["tasks"].items() if part["rows"]}
    title, first = next(((f"Mean, {name}", _by_submission(part)) for name, part in board["overall"].items()), ("", {}))
    labels = dict.fromkeys(label for rows in tasks.values() for label in rows)
    access = {
        label: ", ".join(sorted({rows[label]["access"] for rows in tasks.values() if label in rows}))
        for label in labels
    }

    def mean_rank(label: str) -> tuple[float, str]:
        return float(np.mean([rows[label]["rank"] for rows in tasks.values() if label in rows])), label

    columns = {**({title: first} if first else {}), **tasks}
    lines = [
        {
            "Submission": as_text(label),
            "Access": as_text(access[label]),
            **{name: _entry(rows.get(label)) for name, rows in columns.items()},
        }
        for label in (*first, *sorted(access.keys() - first.keys(), key=mean_rank))
    ]
    return tabulate(lines, headers="keys", tablefmt="pipe", disable_numparse=True)


def _by_submission(part: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {row["submission"]: row for row in part["rows"]}


def _entry(row: Mapping[str, Any] | None) -> str:
    return "" if row is None else f"{row['wga']:.2f} ({place(row)})"
