"""The head of the leaderboard in one Markdown table: a line per submission, a column per task."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from spurgen.harness.board.columns import Line, cell, column, number
from spurgen.harness.board.frame import lines_of
from spurgen.harness.board.markdown import blocks
from spurgen.harness.board.methods import in_papers
from spurgen.harness.board.placing import GIVEN
from spurgen.harness.board.schema import Board, Leaderboard, SetBoard, TaskBoard
from spurgen.harness.machine.printing import as_markdown, markdown_table

HEADLINE = ("cda", "bsoftmax", "adversarial", "group_dro", "jtt", "erm")
"""Rows of the README's table: methods of several families, and ERM."""


def overview_table(board: Leaderboard, tasks: Collection[str], labels: Sequence[str] = HEADLINE) -> str:
    """Return some rows on some tasks as a Markdown table, in the order of the board's blocks.

    There is a column per ladder, with the counterexamples that a row needs and their interval; without ladders, a
    column for the mean over the board's first set of tasks and one per task, with robust accuracy and, in brackets, the
    rank interval. Rows and tasks that the board does not have are left out.
    """
    ladders = {n: part for n, part in board.overall.items() if part.rungs and part.rows and {*part.tasks} <= {*tasks}}
    by_task = {name: part for name, part in board.tasks.items() if name in tasks and part.rows}
    sets = {f"Mean, {name}": part for name, part in board.overall.items() if part.rows}
    parts: dict[str, TaskBoard | SetBoard] = {**ladders} or dict([*sets.items()][:1]) | by_task
    columns = {name: {line["submission"]: line for line in _ranked(part)} for name, part in parts.items()}
    order = {line["submission"]: line for part in parts.values() for line in _ranked(part)}
    return markdown_table(
        [
            {
                "Given": GIVEN.get(line["access"], as_markdown(line["access"])),
                column("submission").title: in_papers(label) if label in HEADLINE else as_markdown(label),
            }
            | {name: _entry(lines.get(label)) for name, lines in columns.items()}
            for label, line in order.items()
            if label in labels
        ]
        + _control(ladders)
    )


def _control(ladders: Mapping[str, SetBoard]) -> list[dict[str, str]]:
    """Return a line of ERM on the counterexamples alone, without a shortcut."""
    needs = {name: c.matched_needs for name, part in ladders.items() if (c := part.controls) and c.matched}
    first = {"Given": "control: m samples, no shortcut", column("submission").title: in_papers("erm")}
    return [first | needs] if needs else []


def _ranked(part: Board) -> Iterator[Line]:
    """Yield the ranked lines of a board in the order of its blocks."""
    for _, lines in blocks(lines_of(part), part):
        yield from (line for line in lines if line["ranked"])


def _entry(line: Line | None) -> str:
    if line is None:
        return ""
    needs = cell("counterexamples", line)
    return needs or f"{number(line, 'robust_accuracy', '.2f')} ({cell('rank', line)} of {line['of']})"
