"""Building the leaderboard: a pure function of the rows and the suite."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import (
    ENDS,
    RANKED_BY,
    by_label,
    by_unit,
    group_sizes,
    spread_of,
    unit_of,
)
from spurgen.harness.board.counterexamples import rungs_of
from spurgen.harness.board.eligibility import rankable
from spurgen.harness.board.placing import place
from spurgen.harness.board.references import controls
from spurgen.harness.board.schema import Leaderboard, TaskBoard, TaskBoardRow, Unranked
from spurgen.harness.board.sets import TaskPart, set_board
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.samples import guaranteed
from spurgen.harness.statistics.units import mean_estimates

ISOLATIONS = ("process", "bubblewrap")  # weakest first; an unknown one is weaker still
ASKED = ("same", "fresh")
VERIFICATIONS = ("self-reported", "re-run")
Value = TypeVar("Value")


def build(suite: Suite, rows: Rows, references: Mapping[str, Rows] | None = None) -> Leaderboard:
    """Build the leaderboard: per task, and over each set of tasks that the suite names.

    `references`: rows that stand beside a ladder's board, by kind.
    """
    parts = {}
    for name, task in suite.tasks.items():
        of_task = on_task(rows, name)
        if of_task:
            parts[name] = part_of(task, *rankable(suite, task, of_task))
    overall = {}
    for name, members in suite.overall.items():
        rungs = rungs_of([suite.task(member) for member in members])
        there = any(member in parts for member in members)
        found = controls(suite, rungs, (references or {}) if there else {})
        overall[name] = replace(set_board(members, parts), controls=found)
    return Leaderboard(suite.name, suite.manifest.digest, {name: part.board for name, part in parts.items()}, overall)


def part_of(task: Task, fit: Mapping[str, TaskRow], unranked: Mapping[str, Unranked]) -> TaskPart:
    """Build the board of a task from its rows that may be ranked and those that may not."""
    sizes = group_sizes(task)
    baselines = {label for label, row in fit.items() if is_baseline_row(row)}
    by_metric = {metric: by_label(fit, metric) for metric in ENDS}
    spreads = {metric: spread_of(metric, of_rows, baselines) for metric, of_rows in by_metric.items()}
    known = {metric: mean_estimates(of_rows, spreads[metric]) for metric, of_rows in by_metric.items()}
    rows = []
    for label, row in fit.items():
        estimates = {metric: of_rows[label] for metric, of_rows in known.items() if label in of_rows}
        rows.append(make_row(label, row, sizes, estimates))
    values, asked = by_metric[RANKED_BY], task.units_asked
    ranked, few, told_apart = place(rows, values, baselines, spreads[RANKED_BY], asked)
    board = TaskBoard(ranked, few, [*unranked.values()], unit_of(task), asked, told_apart)
    return TaskPart(task, board, values, baselines)


def make_row(label: str, row: TaskRow, sizes: Int64, estimates: dict[str, Estimate]) -> TaskBoardRow:
    """Average a row's results; `sizes`: test samples by group, int64 (G,), `estimates`: of the metrics by unit."""
    results, robust = row.results, by_unit(row, RANKED_BY)
    assert robust is not None, "every result has it"
    means = {metric: Estimate(mean) for metric, mean in _means([result.metrics for result in results]).items()}
    checks = [result.provenance.consistency for result in results]
    return TaskBoardRow(
        submission=label,
        name=results[0].submission,
        access=results[0].access,
        units=len(row),
        estimates=estimates | {metric: mean for metric, mean in means.items() if metric not in estimates},
        robust_accuracy_lowest=float(robust.min()),
        wga_simultaneous=guaranteed(np.array([result.groups for result in results]), sizes),
        by_channel=_by_channel(results),
        isolation=_weakest(ISOLATIONS, [result.isolation for result in results]),
        asked_again=_weakest(ASKED, [check.worker if check else "unknown" for check in checks]),
        verification=_verification([result.verification for result in results]),
        seconds=float(np.mean([result.provenance.total_seconds for result in results])),
    )


def _shared(tables: Sequence[Mapping[str, Value]]) -> dict[str, list[Value]]:
    """Return the values of the keys that all tables have, in the first one's order."""
    return {key: [table[key] for table in tables] for key in tables[0] if all(key in table for table in tables)}


def _means(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average the values of the keys that all tables have."""
    shared = _shared(tables)
    means = np.array([*shared.values()]).reshape(len(shared), len(tables)).mean(axis=1)
    return dict(zip(shared, means.tolist(), strict=True))


def _by_channel(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """Average the metrics of every channel: metric -> channel -> mean over the results."""
    means: dict[str, dict[str, float]] = {}
    for channel, tables in _shared([result.channels for result in results]).items():
        for metric, mean in _means(tables).items():
            means.setdefault(metric, {})[channel] = mean
    return dict(sorted(means.items()))


def _verification(of_results: Sequence[str]) -> str:
    """Return the weakest verification, or how many results of a self-reported row were confirmed."""
    weakest, confirmed = _weakest(VERIFICATIONS, of_results), of_results.count("re-run")
    return f"re-run: {confirmed} of {len(of_results)}" if weakest == "self-reported" and confirmed else weakest


def _weakest(order: Sequence[str], names: Sequence[str]) -> str:
    """Return the weakest of the names, by an order from the weakest; one that is not in it is weaker still."""
    return min(names, key=lambda name: (order.index(name) if name in order else -1, name))
