"""The board of a set of tasks: the rows that are on all of them, by their means over the set."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spurgen.benchmark.task import Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import RANKED_BY, spread_of
from spurgen.harness.board.columns import COLUMNS
from spurgen.harness.board.counterexamples import counterexamples, rungs_of
from spurgen.harness.board.frame import lowest_where
from spurgen.harness.board.placing import place
from spurgen.harness.board.schema import BoardRow, SetBoard, SetBoardRow, TaskBoard, Unranked
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import mean_estimates, mean_over_tasks

SHOWN = tuple(key for key, column in COLUMNS.items() if column.ends and key != RANKED_BY)
"""Metrics of which a set shows the mean over its tasks, where all of them have it."""


@dataclass(frozen=True)
class TaskPart:
    """A task's board and what sets are made from.

    `ranked_by`: the metric that ranks, by label and unit, float64 (W,). `baselines`: labels of the baselines' rows.
    """

    task: Task
    board: TaskBoard
    ranked_by: Mapping[str, Float64]
    baselines: Collection[str]


def set_board(members: Sequence[str], parts: Mapping[str, TaskPart]) -> SetBoard:
    """Rank the rows of a set of tasks.

    A row that lacks a task is listed as unranked with the reason; it does not affect the places of the others. The
    rungs of a ladder above 0 are such a set, and its mean is the ladder score.
    """
    present = [parts[name] for name in members if name in parts]
    boards = {name: parts[name].board for name in members if name in parts}
    on_boards = {name: {row.submission: row for row in board.shown} for name, board in boards.items()}
    reasons = {name: {row.submission: row.reason for row in board.unranked} for name, board in boards.items()}
    made, unranked = {}, []
    for label in sorted({label for rows in on_boards.values() for label in rows}):
        rows = {name: shown[label] for name, shown in on_boards.items() if label in shown}
        reason = lacking(label, members, on_boards, reasons) or _disagreement(rows)
        if reason:
            unranked.append(Unranked(submission=label, reason=reason))
        else:
            made[label] = _mean_row(list(rows.values()))
    ladder = rungs_of([part.task for part in present])
    asked = max((part.board.asked for part in present), default=0)
    unit = present[0].board.unit if present else "world"
    of_tasks = {label: [parts[name].ranked_by[label] for name in members] for label in made}
    by_label = {label: mean_over_tasks(rows) for label, rows in of_tasks.items()}
    baselines = [label for label in made if all(label in part.baselines for part in present)]
    spread = spread_of(RANKED_BY, by_label, baselines)
    climbed = counterexamples(ladder, of_tasks, ERM if ERM in baselines else None)
    ranked_by = mean_estimates(by_label, spread)
    ranked_rows = [
        replace(row, estimates={RANKED_BY: ranked_by[label], **row.estimates}, **climbed.get(label, {}))
        for label, row in made.items()
    ]
    ranked, few, _ = place(ranked_rows, by_label, baselines, spread, asked)
    rungs = tuple(rung.counterexamples for rung in ladder)
    return SetBoard(ranked, few, unranked, unit, asked, tuple(members), rungs)


def lacking(
    label: str, tasks: Iterable[str], shown: Mapping[str, Collection[str]], reasons: Mapping[str, Mapping[str, str]]
) -> str:
    """Return on which tasks a row is missing, and why, or nothing; by task: labels `shown`, and `reasons` of others."""
    lacks = (name for name in tasks if label not in shown.get(name, ()))
    return "; ".join(f"{name}: {reasons.get(name, {}).get(label, 'not run')}" for name in lacks)


def _disagreement(rows: Mapping[str, BoardRow]) -> str:
    """Return in which access tiers a row's tasks differ, or nothing."""
    if len({row.access for row in rows.values()}) == 1:
        return ""
    return "its access differs: " + ", ".join(f"{row.access} on {name}" for name, row in rows.items())


def _mean_row(rows: Sequence[BoardRow]) -> SetBoardRow:
    common = [metric for metric in SHOWN if all(metric in row.estimates for row in rows)]
    means = {metric: float(np.mean([row.value(metric) for row in rows])) for metric in common}
    follows = [row.by_channel["follows"] for row in rows if "follows" in row.by_channel]
    shared = {name: float(np.mean([each[name] for each in follows])) for name in (follows[0] if follows else ())}
    return SetBoardRow(
        by_channel={"follows": shared} if shared else {},
        submission=rows[0].submission,
        name=rows[0].name,
        access=rows[0].access,
        units=min(row.units for row in rows),
        lowest_on=[where for row in rows if (where := lowest_where(row))],
        estimates={metric: Estimate(mean) for metric, mean in means.items()},
    )
