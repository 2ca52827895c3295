"""ERM trained without a ladder's correlations: on as many samples, or on only as many as there are counterexamples."""

from collections.abc import Mapping, Sequence

import numpy as np

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Rung
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.board.counterexamples import goal_of
from spurgen.harness.board.schema import Controls
from spurgen.harness.results.answered import STATES
from spurgen.harness.results.contradiction import contradiction
from spurgen.harness.results.rows import Rows, TaskRow
from spurgen.harness.statistics.needed import needed


def controls(suite: Suite, rungs: Sequence[Rung], ceilings: Rows, matched: Rows) -> Controls | None:
    """Return the controls of a ladder's rungs above 0; None for tasks that are not a ladder."""
    if not rungs:
        return None
    known = [row for rung in rungs if (row := _believed(suite, rung, ceilings, matched=False))]
    found = {rung.counterexamples: _believed(suite, rung, matched, matched=True) for rung in rungs}
    by_rung = {m: row.mean(RANKED_BY) for m, row in found.items() if row}
    return Controls(
        known[-1].mean(RANKED_BY) if known else None, by_rung if len(by_rung) == len(rungs) else None,
        float(np.min([known[-1].metric(f"seen_{state}") for state in STATES], axis=0).mean()) if known else None,
        _needs(rungs, found), rungs[0].ladder.ceiling,
    )  # fmt: skip


def _needs(rungs: Sequence[Rung], matched: Mapping[int, TaskRow | None]) -> str:
    """Return how many uncorrelated samples ERM needs if it trains on nothing else."""
    goal, rows = goal_of(rungs), [row for row in matched.values() if row]
    if goal is None or len(rows) < len(rungs):
        return ""
    return needed(np.stack([row.metric(RANKED_BY) for row in rows], axis=1), goal).text


def _believed(suite: Suite, rung: Rung, rows: Rows, *, matched: bool) -> TaskRow | None:
    """Return a rung's row of ERM on uncorrelated data, or None if it is missing, incomplete or cannot be believed."""
    row = rows.get(ERM, {}).get(rung.name)
    if row is None or not is_baseline_row(row) or row.seeds != list(range(len(row))):
        return None
    data = suite.data_digest(rung)
    if any(not r.uncorrelated or r.matched != matched or r.error or r.data_sha256 != data for r in row.results):
        return None
    return row if contradiction(rung, np.empty(0, np.int64), row) is None else None
