"""The head of the leaderboard in one Markdown table: a line per submission, a column per task."""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from spurgen.harness.board.columns import Line, cell, known, number
from spurgen.harness.board.frame import lines_of
from spurgen.harness.board.placing import tier_place
from spurgen.harness.board.schema import Leaderboard, SetBoard, TaskBoard
from spurgen.harness.machine.printing import markdown_table
from spurgen.harness.machine.text import as_markdown

HEADLINE = ("contrastive", "adversarial", "subg", "bsoftmax", "group_dro", "dfr", "jtt", "erm")
"""Rows of the README's table: a method of each family, and ERM."""


def overview_table(board: Leaderboard, tasks: Collection[str], labels: Sequence[str] = HEADLINE) -> str:
    """Return the robust accuracy and, in brackets, the rank interval of some rows on some tasks, as a Markdown table.

    Of ladders there is a column each, with the counterexamples that a row needs. Otherwise the first column is the mean
    over the board's first set of tasks. Rows are sorted by access tier, then by their first number. Rows and tasks that
    the board does not have are left out.
    """
    ladders = {n: part for n, part in board.overall.items() if part.rungs and part.rows and {*part.tasks} <= {*tasks}}
    by_task = {name: _ranked(part) for name, part in board.tasks.items() if name in tasks and part.rows}
    sets = [(f"Mean, {name}", _ranked(part)) for name, part in board.overall.items() if part.rows]
    columns = {name: _ranked(part) for name, part in ladders.items()} or dict([*sets[:1], *by_task.items()])
    first = {label: line for lines in reversed(columns.values()) for label, line in lines.items() if label in labels}
    order = sorted(
        first.values(), key=lambda line: (tier_place(line["access"]), -line["robust_accuracy"], line["submission"])
    )
    return markdown_table(
        [
            {"Access": as_markdown(line["access"]), "Submission": as_markdown(line["submission"])}
            | {name: _entry(lines.get(line["submission"])) for name, lines in columns.items()}
            for line in order
        ]
        + _controls(ladders)
    )


def _controls(ladders: Mapping[str, SetBoard]) -> list[dict[str, str]]:
    """Return lines of ERM without a shortcut in train: on the counterexamples alone, and on all samples."""
    known = {name: part.controls for name, part in ladders.items() if part.controls and part.controls.matched}
    if not known:
        return []
    alone = {"Access": "control", "Submission": "erm, uncorrelated, m samples"}
    whole = {"Access": "ceiling", "Submission": "erm, uncorrelated, all samples"}
    for name, found in known.items():
        alone[name] = f"N {found.matched_needs}; {np.mean([*(found.matched or {}).values()]):.2f}"
        whole[name] = f"{found.ceiling or math.nan:.2f}"
    return [alone, whole]


def _ranked(part: TaskBoard | SetBoard) -> dict[str, Line]:
    return {line["submission"]: line for line in lines_of(part) if line["ranked"]}


def _entry(line: Line | None) -> str:
    if line is None:
        return ""
    needed = f"N {line['counterexamples_text']}; " if known(line, "counterexamples_text") else ""
    return f"{needed}{number(line, 'robust_accuracy', '.2f')} ({cell('rank', line)} of {line['of']})"
