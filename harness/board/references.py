"""ERM trained without the correlations: what a method could win back."""

from collections.abc import Mapping

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.results.contradiction import contradiction
from spurgen.harness.results.rows import Rows, TaskRow


def reference_row(suite: Suite, task: Task, groups: Int64, references: Rows) -> TaskRow | None:
    """Return a task's row of ERM on uncorrelated data, or None if it is missing, incomplete or cannot be believed."""
    row = references.get(ERM, {}).get(task.name)
    if row is None or not is_baseline_row(row) or row.seeds != list(range(len(row))):
        return None
    data = suite.data_digest(task)
    if any(not r.uncorrelated or r.error or r.data_sha256 != data for r in row.results):
        return None
    return row if contradiction(task, groups, row) is None else None


def reference_rows(suite: Suite, groups: Mapping[str, Int64], references: Rows) -> dict[str, TaskRow]:
    """Return the reference of every task that has one; `groups`: of the test samples by task, int64 (n,)."""
    rows = {name: reference_row(suite, suite.task(name), of_task, references) for name, of_task in groups.items()}
    return {name: row for name, row in rows.items() if row is not None}
