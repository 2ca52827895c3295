"""The rows of our own methods: what every other row is compared with, so no stranger's row moves another."""

from collections.abc import Iterable, Mapping, Sequence

from spurgen.harness.results.identity import is_current_baseline
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.seed_spread import SeedSpread, pool

Spreads = Mapping[str, SeedSpread | None]


def is_baseline_row(row: TaskRow) -> bool:
    """Return whether all results are those of one of our methods, in its current version: by digests, not by names."""
    return all(map(is_current_baseline, row.results))


def pooled_spreads(rows: Iterable[TaskRow], metrics: Iterable[str]) -> Spreads:
    """Pool every metric's variance over trainings within a task's rows; names as in `Result.metric`.

    Only the baselines' rows count where two results of one differ: a stranger's row, however it varies, then moves no
    interval except its own. Otherwise all rows count.
    """
    every = list(rows)
    ours = [row for row in every if is_baseline_row(row)]
    return {metric: _pooled(ours, metric) or _pooled(every, metric) for metric in metrics}


def _pooled(rows: Sequence[TaskRow], metric: str) -> SeedSpread | None:
    return pool([row.metric(metric) for row in rows])
