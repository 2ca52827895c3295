"""Building the leaderboard, a pure function of rows and suite: boards of tasks, of sets of tasks, and their controls.

A set of tasks has the rows that are on all of them, by their means. The rungs of a ladder above 0 are such a set.
Beside its rows stand ERM without the ladder's correlations, and tricks that know its worlds.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.things import STATES
from spurgen.harness.board.columns import COLUMNS, Line, Record, channel_keys, entries, with_ends
from spurgen.harness.board.halves import halves_lines
from spurgen.harness.board.placing import ERM, place
from spurgen.harness.board.rows import (
    ENDS,
    RANKED_BY,
    by_label,
    by_unit,
    group_sizes,
    is_baseline_row,
    rankable,
    spread_of,
    unit_of,
    unranked_line,
)
from spurgen.harness.board.schema import IDEAL, Board, Controls, Leaderboard, Trick
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.metrics.ladder import SHARE
from spurgen.harness.results.answered import contradiction
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.results.store import CEILING, MATCHED, TRICKS, Store
from spurgen.harness.statistics.estimate import Estimate, end_columns
from spurgen.harness.statistics.needed import Goal, Needed, Ratio, needed, needed_ratio
from spurgen.harness.statistics.samples import guaranteed
from spurgen.harness.statistics.units import by_common_unit, mean_estimates, mean_over_tasks

ISOLATIONS = ("process", "bubblewrap")  # weakest first; an unknown one is weaker still
ASKED = ("same", "fresh")
VERIFICATIONS = ("self-reported", "re-run")
LOWEST_OF = ("mislead", "agree", "neutral")  # states; of equal accuracies the first is the lowest
Value = TypeVar("Value")
SHOWN = tuple(key for key, column in COLUMNS.items() if column.ends and key != RANKED_BY)
"""Metrics of which a set shows the mean over its tasks, where all of them have it."""


@dataclass(frozen=True)
class TaskPart:
    """A task's board and what sets are made from.

    `ranked_by`: the metric that ranks, by label and unit, float64 (W,). `baselines`: labels of the baselines' rows.
    """

    task: Task
    board: Board
    ranked_by: Mapping[str, Float64]
    baselines: Collection[str]


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
    boards = {name: part.board for name, part in parts.items()}
    return Leaderboard(suite.name, suite.manifest.digest, boards, overall, *_halves(suite, parts))


def _halves(suite: Suite, parts: Mapping[str, TaskPart]) -> tuple[list[Record], list[str]]:
    """Return the lines of a suite's halves, and the ladders that these leave out.

    A ladder counts once some row has all its rungs above 0 in all worlds; there are no lines if a half has none.
    """
    curves, goals, access = dict[str, Mapping[str, Float64]](), dict[str, Goal](), dict[str, str]()
    every = [each for of_half in suite.halves.values() for each in of_half]
    for ladder in every:
        rungs = [suite.task(name) for name in suite.overall[ladder]]
        goal, climbed = goal_of(rungs), [parts[rung.name] for rung in rungs if rung.name in parts]
        if goal and len(climbed) == len(rungs):
            ranked = [{row["submission"]: row["access"] for row in part.board.rows} for part in climbed]
            full = [label for label in ranked[0] if all(label in of_rung for of_rung in ranked)]
            if full:
                curves[ladder] = {
                    label: by_common_unit([part.ranked_by[label] for part in climbed]).T for label in full
                }
                goals[ladder] = goal
                access |= ranked[0]
    climbed_of = {half: [each for each in of_half if each in curves] for half, of_half in suite.halves.items()}
    lines = halves_lines(climbed_of, curves, goals, access) if all(climbed_of.values()) else []
    return lines, [each for each in every if each not in curves]


def build_board(suite: Suite, results: Path, rows: Rows) -> Leaderboard:
    """Build a suite's leaderboard from rows, and the references in a folder of results."""
    references = {kind: Store(results, suite.name, kind).rows() for kind in (CEILING, MATCHED, TRICKS)}
    return build(suite, rows, references)


def part_of(task: Task, fit: Mapping[str, TaskRow], unranked: Mapping[str, Record]) -> TaskPart:
    """Build the board of a task from its rows that may be ranked and those that may not."""
    sizes = group_sizes(task)
    baselines = {label for label, row in fit.items() if is_baseline_row(row)}
    by_metric = {metric: by_label(fit, metric) for metric in ENDS}
    spreads = {metric: spread_of(metric, of_rows, baselines) for metric, of_rows in by_metric.items()}
    known = {metric: mean_estimates(of_rows, spreads[metric]) for metric, of_rows in by_metric.items()}
    heads = [
        head_line(label, row, {metric: of_rows[label] for metric, of_rows in known.items() if label in of_rows})
        for label, row in fit.items()
    ]
    values, asked = by_metric[RANKED_BY], task.units_asked
    ranked, few, told_apart = place(heads, values, baselines, spreads[RANKED_BY], asked)
    details = {label: detail_line(row, sizes) for label, row in fit.items()}
    ranked, few = ([line | details[line["submission"]] for line in lines] for lines in (ranked, few))
    board = Board(ranked, few, [*unranked.values()], unit_of(task), asked, told_apart)
    return TaskPart(task, board, values, baselines)


def head_line(label: str, row: TaskRow, estimates: Mapping[str, Estimate]) -> Record:
    """Return a row's line without rank and details; `estimates`: of the metrics by unit, all others are means."""
    results = row.results
    means = {metric: Estimate(mean) for metric, mean in _means([result.metrics for result in results]).items()}
    known = {**estimates, **{metric: mean for metric, mean in means.items() if metric not in estimates}}
    at = {state: known[f"accuracy_{state}"].value for state in LOWEST_OF if f"accuracy_{state}" in known}
    lowest = min(at, key=at.__getitem__, default="")
    return _head(label, results[0].submission, results[0].access, len(row), lowest) | _entries(known)


def _head(label: str, name: str, access: str, units: int, lowest: str) -> Record:
    return {
        "submission": label, "name": name, "access": access, "ranked": False, "first_rank": None, "last_rank": None,
        "of": None, "letters": "", "units": units, "lowest_where": lowest,
    }  # fmt: skip


def _entries(estimates: Mapping[str, Estimate]) -> Record:
    return {key: value for name, each in estimates.items() for key, value in entries(name, each).items()}


def detail_line(row: TaskRow, sizes: Int64) -> Record:
    """Return what else a row's line has on a task's board; `sizes`: test samples by group, int64 (G,).

    Isolation, verification and the worker of the consistency check are the weakest among its results.
    """
    results, robust = row.results, by_unit(row, RANKED_BY)
    assert robust is not None, "every result has it"
    checks = [result.provenance.consistency for result in results]
    return {
        "robust_accuracy_lowest": float(robust.min()),
        **end_columns("wga_simultaneous", guaranteed(np.array([result.groups for result in results]), sizes)),
        **_by_channel(results),
        "isolation": _weakest(ISOLATIONS, [result.isolation for result in results]),
        "asked_again": _weakest(ASKED, [check.worker if check else "unknown" for check in checks]),
        "verification": _verification([result.verification for result in results]),
        "seconds": float(np.mean([result.provenance.total_seconds for result in results])),
    }


def _shared(tables: Sequence[Mapping[str, Value]]) -> dict[str, list[Value]]:
    """Return the values of the keys that all tables have, in the first one's order."""
    return {key: [table[key] for table in tables] for key in tables[0] if all(key in table for table in tables)}


def _means(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average the values of the keys that all tables have."""
    shared = _shared(tables)
    means = np.array([*shared.values()]).reshape(len(shared), len(tables)).mean(axis=1)
    return dict(zip(shared, means.tolist(), strict=True))


def _by_channel(results: Sequence[Result]) -> Record:
    """Average the metrics of every channel, metric by metric."""
    means = {channel: _means(tables) for channel, tables in _shared([result.channels for result in results]).items()}
    metrics = sorted({metric for of_channel in means.values() for metric in of_channel})
    return {
        f"{metric}_by_channel.{channel}": of_channel[metric]
        for metric in metrics
        for channel, of_channel in means.items()
        if metric in of_channel
    }


def _verification(of_results: Sequence[str]) -> str:
    """Return the weakest verification, or how many results of a self-reported row were confirmed."""
    weakest, confirmed = _weakest(VERIFICATIONS, of_results), of_results.count("re-run")
    return f"re-run: {confirmed} of {len(of_results)}" if weakest == "self-reported" and confirmed else weakest


def _weakest(order: Sequence[str], names: Sequence[str]) -> str:
    """Return the weakest of the names, by an order from the weakest; one that is not in it is weaker still."""
    return min(names, key=lambda name: (order.index(name) if name in order else -1, name))


def rungs_of(tasks: Sequence[Task]) -> list[Task]:
    """Return tasks that are all rungs of one ladder, else none."""
    rungs = [task for task in tasks if task.of]
    return rungs if len(rungs) == len(tasks) and len({rung.of for rung in rungs}) == 1 else []


def goal_of(rungs: Sequence[Task]) -> Goal | None:
    """Return the rungs and the accuracy to reach on them; None without a ceiling or with the rung at 0."""
    numbers = tuple(rung.counterexamples for rung in rungs)
    ceiling = rungs[0].scenario.ceiling if rungs else None
    if ceiling is None or min(numbers) < 1:
        return None
    return Goal(numbers, SHARE * ceiling)


def counterexamples(
    rungs: Sequence[Task], values: Mapping[str, Sequence[Float64]], erm: str | None
) -> dict[str, tuple[Needed, Ratio | None]]:
    """Return the counterexamples needed by label, and as a multiple of ERM's, whose label is `erm` if it has a row.

    `values`: A(m) by label, rung and world, float64 (W,). Empty where `goal_of` returns None.
    """
    goal = goal_of(rungs)
    if goal is None:
        return {}
    curves = {label: by_common_unit(rows).T for label, rows in values.items()}
    of_erm = curves.get(erm or "")
    return {
        label: (needed(each, goal), None if of_erm is None or label == erm else needed_ratio(each, of_erm, goal))
        for label, each in curves.items()
    }


def set_board(members: Sequence[str], parts: Mapping[str, TaskPart]) -> Board:
    """Rank the rows of a set of tasks.

    A row that lacks a task is listed as unranked with the reason; it does not affect the places of the others. The
    rungs of a ladder above 0 are such a set, and its mean is the ladder score.
    """
    present = [parts[name] for name in members if name in parts]
    boards = {name: parts[name].board for name in members if name in parts}
    on_boards = {name: {row["submission"]: row for row in board.shown} for name, board in boards.items()}
    reasons = {name: {row["submission"]: row["reason"] for row in board.unranked} for name, board in boards.items()}
    made: dict[str, list[Line]] = {}
    unranked = []
    for label in sorted({label for rows in on_boards.values() for label in rows}):
        rows = {name: shown[label] for name, shown in on_boards.items() if label in shown}
        reason = lacking(label, members, on_boards, reasons) or _disagreement(rows)
        if reason:
            unranked.append(unranked_line(label, reason))
        else:
            made[label] = list(rows.values())
    ladder = rungs_of([part.task for part in present])
    asked = max((part.board.asked for part in present), default=0)
    unit = present[0].board.unit if present else "world"
    of_tasks = {label: [parts[name].ranked_by[label] for name in members] for label in made}
    of_sets = {label: mean_over_tasks(rows) for label, rows in of_tasks.items()}
    baselines = [label for label in made if all(label in part.baselines for part in present)]
    spread = spread_of(RANKED_BY, of_sets, baselines)
    climbed = counterexamples(ladder, of_tasks, ERM if ERM in baselines else None)
    ranked_by = mean_estimates(of_sets, spread)
    heads = [_mean_line(label, rows, ranked_by[label]) for label, rows in made.items()]
    ranked, few, _ = place(heads, of_sets, baselines, spread, asked)
    further = {
        label: _mean_by_channel(rows) | _needed(*climbed.get(label, (None, None))) for label, rows in made.items()
    }
    ranked, few = ([line | further[line["submission"]] for line in lines] for lines in (ranked, few))
    rungs = tuple(rung.counterexamples for rung in ladder)
    return Board(ranked, few, unranked, unit, asked, tasks=tuple(members), rungs=rungs)


def lacking(
    label: str, tasks: Iterable[str], shown: Mapping[str, Collection[str]], reasons: Mapping[str, Mapping[str, str]]
) -> str:
    """Return on which tasks a row is missing, and why, or nothing; by task: labels `shown`, and `reasons` of others."""
    lacks = (name for name in tasks if label not in shown.get(name, ()))
    return "; ".join(f"{name}: {reasons.get(name, {}).get(label, 'not run')}" for name in lacks)


def _disagreement(rows: Mapping[str, Line]) -> str:
    """Return in which access tiers a row's tasks differ, or nothing."""
    if len({row["access"] for row in rows.values()}) == 1:
        return ""
    return "its access differs: " + ", ".join(f"{row['access']} on {name}" for name, row in rows.items())


def _mean_line(label: str, rows: Sequence[Line], ranked_by: Estimate) -> Record:
    """Return the line of a row's means over the tasks of a set."""
    means = {
        metric: float(np.mean([row[metric] for row in rows])) for metric in SHOWN if all(metric in row for row in rows)
    }
    lowest = ", ".join(row["lowest_where"] for row in rows if row["lowest_where"])
    head = _head(label, rows[0]["name"], rows[0]["access"], min(row["units"] for row in rows), lowest)
    return head | entries(RANKED_BY, ranked_by) | means


def _mean_by_channel(rows: Sequence[Line]) -> Record:
    """Return how often answers follow each channel, as means over the tasks that have channels."""
    having = [row for row in rows if channel_keys([row])]
    return {key: float(np.mean([row[key] for row in having])) for key in channel_keys(having[:1])}


def _needed(number: Needed | None, ratio: Ratio | None) -> Record:
    """Return the counterexamples needed, without infinite values, which mean more than a ladder shows."""
    line: Record = {}
    if number:
        line |= with_ends("counterexamples", number.value, number.interval) | {"counterexamples_text": number.text}
    if ratio:
        least = ratio.least if ratio.exact else math.inf
        line |= with_ends("counterexamples_to_erm", least, ratio.interval)
        line["counterexamples_to_erm_text"] = ratio.text
    return {key: value for key, value in line.items() if value != math.inf}


def controls(suite: Suite, rungs: Sequence[Task], references: Mapping[str, Rows]) -> Controls | None:
    """Return the controls of a ladder's rungs above 0; None for tasks that are not a ladder.

    `references`: rows that are on no leaderboard, by kind. A learner that never met a shortcut has no reason to be
    better where shortcuts agree, mislead or are neutral: its accuracy is the mean of the three, whose lowest would be
    too low by chance. So is that of the matched control, which is averaged over its draws as well.
    """
    if not rungs:
        return None
    free = references.get(CEILING, {}).get(ERM, {})
    ceilings = [row for rung in rungs if (row := _without(suite, rung, free.get(rung.name)))]
    matched = {rung.counterexamples: _matched(suite, rung, references.get(MATCHED, {})) for rung in rungs}
    heights = [each for each in matched.values() if each is not None]
    goal, complete = goal_of(rungs), len(heights) == len(rungs)
    return Controls(
        _mean(ceilings, "accuracy"),
        {m: float(each.mean()) for m, each in matched.items() if each is not None} if complete else None,
        _mean(ceilings, "seen"),
        needed(by_common_unit(heights).T, goal).text if goal and complete else "",
        rungs[0].scenario.ceiling,
        tuple(trick for label in references.get(TRICKS, {}) if (trick := _trick(suite, rungs, references, label))),
        IDEAL if rungs[0].has_twins else None,
    )


def _mean(rows: Sequence[TaskRow], kind: str) -> float | None:
    """Return the mean over worlds of the last row's `_mean_of_states`; None if there is none."""
    by_world = _mean_of_states(rows[-1], kind) if rows else None
    return None if by_world is None else float(by_world.mean())


def _mean_of_states(row: TaskRow, kind: str) -> Float64 | None:
    """Return the mean of the accuracies where shortcuts agree, mislead and are neutral, by world: float64 (W,).

    Of those that the ladder has; None if it has none.
    """
    known = [row.metric(name) for state in STATES if (name := f"{kind}_{state}") in row.results[0].metrics]
    return np.mean(known, axis=0) if known else None


def _matched(suite: Suite, rung: Task, rows: Rows) -> Float64 | None:
    """Return the matched control's accuracy by world, float64 (W,), over the draws with the most worlds."""
    draws = [_without(suite, rung, row, matched=True) for row in (each.get(rung.name) for each in rows.values())]
    means = [_mean_of_states(row, "accuracy") for row in draws if row]
    values = [mean for mean in means if mean is not None]
    most = max(map(len, values), default=0)
    return np.mean([each for each in values if len(each) == most], axis=0) if values else None


def _trick(suite: Suite, rungs: Sequence[Task], references: Mapping[str, Rows], label: str) -> Trick | None:
    """Return the score of a trick, and what it needs; None where it lacks a rung or cannot be believed."""
    rows = [row for rung in rungs if (row := _believed(suite, rung, references[TRICKS][label].get(rung.name)))]
    if len(rows) < len(rungs):
        return None
    curves, goal = by_common_unit([row.metric(RANKED_BY) for row in rows]).T, goal_of(rungs)
    needs = needed(curves, goal).text if goal else ""
    return Trick(label.replace("_", " "), float(curves.mean()), needs, len(curves))


def _without(suite: Suite, rung: Task, row: TaskRow | None, *, matched: bool = False) -> TaskRow | None:
    """Return a rung's row of our ERM on uncorrelated data, or None if there is none that can be believed."""
    if row is None or not is_baseline_row(row) or any(not r.uncorrelated or r.matched != matched for r in row.results):
        return None
    return _believed(suite, rung, row)


def _believed(suite: Suite, rung: Task, row: TaskRow | None) -> TaskRow | None:
    """Return a rung's row, or None if it is missing, incomplete or cannot be believed."""
    if row is None or row.seeds != list(range(len(row))):
        return None
    if any(r.error or r.data_sha256 != suite.data_digest(rung) for r in row.results):
        return None
    return row if contradiction(rung, row) is None else None
