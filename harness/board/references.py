"""What stands beside the rows of a ladder: ERM without the ladder's correlations, and tricks that know its worlds."""

from collections.abc import Mapping, Sequence

import numpy as np

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.things import STATES
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.counterexamples import goal_of
from spurgen.harness.board.schema import Controls, Trick
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.answered import contradiction
from spurgen.harness.results.rows import Rows, TaskRow
from spurgen.harness.results.store import CEILING, MATCHED, TRICKS
from spurgen.harness.statistics.needed import needed
from spurgen.harness.statistics.units import by_common_unit


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
        float(_mean_of_states(ceilings[-1], "accuracy").mean()) if ceilings else None,
        {m: float(each.mean()) for m, each in matched.items() if each is not None} if complete else None,
        float(_mean_of_states(ceilings[-1], "seen").mean()) if ceilings else None,
        needed(by_common_unit(heights).T, goal).text if goal and complete else "",
        rungs[0].scenario.ceiling,
        tuple(trick for label in references.get(TRICKS, {}) if (trick := _trick(suite, rungs, references, label))),
    )


def _mean_of_states(row: TaskRow, kind: str) -> Float64:
    """Return the mean of the accuracies where shortcuts agree, mislead and are neutral, by world: float64 (W,)."""
    mean: Float64 = np.mean([row.metric(f"{kind}_{state}") for state in STATES], axis=0)
    return mean


def _matched(suite: Suite, rung: Task, rows: Rows) -> Float64 | None:
    """Return the matched control's accuracy by world, float64 (W,), over the draws with the most worlds."""
    draws = [_without(suite, rung, row, matched=True) for row in (each.get(rung.name) for each in rows.values())]
    values = [_mean_of_states(row, "accuracy") for row in draws if row]
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
