"""Comparison of a row with a second run of it: each metric before and after, and whether both agree."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import ndtri

from spurgen.benchmark.result import Result
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.units import pool

EXACT = 1e-6
MISSED = 0.05
UNKNOWN = {
    "robust_accuracy": 0.1,
    "wga": 0.1,
    "accuracy": 0.02,
    "follows": 0.1,
    "uses_thing": 0.1,
    "sss": 0.03,
    "ig": 0.2,
}
"""Compared metrics, and their tolerances where no row of the task has two trainings in one world that differ."""
FOLLOWS = 0.1
"""Tolerance of how often answers follow a single channel, which is also compared."""
CLAIMS = ("access", "uses_generator", "failed_checks")
"""A row's claims about its submission that decide whether, and among which rows, it is ranked."""
Match = Literal["exact", "within tolerance", "differs", "failed"]
WORST_FIRST: tuple[Match, ...] = ("differs", "within tolerance", "exact")


class Again(NamedTuple):
    """A metric of one result: its value in the row, its value in the second run, and the difference allowed."""

    metric: str
    before: float
    after: float
    tolerance: float

    @property
    def match(self) -> Match:
        """Agreement of the two runs."""
        moved = abs(self.after - self.before)
        return "exact" if moved <= EXACT else "within tolerance" if moved <= self.tolerance else "differs"


def tolerances(rows: Iterable[TaskRow], comparisons: int = 1, *, one_world: bool = True) -> dict[str, float]:
    """Return by how much each metric may differ: by as much as another seed changes it in a task's baseline rows.

    Two single runs differ by more than 2.77 of their standard deviation in one case of twenty (ISO 5725-6); for several
    `comparisons` that is Bonferroni-corrected. Another machine or version of a library sums in another order, which
    changes a long training as much as another seed. On the same machine metrics are reproduced exactly. Where a task
    has several worlds (not `one_world`), each with one training, the rows do not show what another seed changes.
    """
    if not one_world:
        return UNKNOWN
    ours = [[r for r in row.results if r.error is None] for row in rows if is_baseline_row(row)]
    spreads = {
        name: pool([np.array([r.metrics[name] for r in results if name in r.metrics]) for results in ours])
        for name in UNKNOWN
    }
    reach = float(-np.sqrt(2) * ndtri(MISSED / 2 / comparisons))
    return {name: UNKNOWN[name] if spread is None else reach * spread.deviation for name, spread in spreads.items()}


def compare_results(before: Result, after: Result, allowed: Mapping[str, float]) -> list[Again]:
    """Compare a result's metrics with those of its second run; return an empty list if that run failed.

    `allowed` is from `tolerances`. A metric that the second run lacks differs.
    """
    if after.error is not None:
        return []
    again = _compared(after)
    return [
        Again(name, value, again.get(name, np.nan), FOLLOWS if "/" in name else allowed[name])
        for name, value in _compared(before).items()
    ]


def _compared(result: Result) -> dict[str, float]:
    """Return the compared metrics that a result has; those of channels as `<metric>/<channel>`."""
    values = {name: result.metrics[name] for name in UNKNOWN if name in result.metrics}
    return values | {f"follows/{name}": row["follows"] for name, row in result.channels.items()}


def false_claims(before: Result, after: Result) -> dict[str, tuple[str, str]]:
    """Return the `CLAIMS` that a second run does not confirm, each as the row and as the second run states it."""
    if after.error is not None:
        return {}
    said = {name: (_claim(before, name), _claim(after, name)) for name in CLAIMS}
    return {name: pair for name, pair in said.items() if pair[0] != pair[1]}


def _claim(result: Result, name: str) -> str:
    if name == "failed_checks":
        return "; ".join(result.report.failed_checks) if result.report else ""
    return str(getattr(result, name))


def compare_means(results: Iterable[Sequence[Again]]) -> list[Again]:
    """Compare the means over a task's results, which may differ by less; return an empty list for fewer than two.

    `results`: `compare_results` of each. Many small changes in the same direction are not chance.
    """
    by_metric: dict[str, list[Again]] = {}
    for each in chain.from_iterable(results):
        by_metric.setdefault(each.metric, []).append(each)
    return [
        Again(
            again[0].metric,
            float(np.mean([each.before for each in again])),
            float(np.mean([each.after for each in again])),
            again[0].tolerance / float(np.sqrt(len(again))),
        )
        for again in by_metric.values()
        if len(again) > 1
    ]


def worst_match(metrics: Iterable[Again]) -> Match:
    """Return the worst match over a result's metrics; nothing to compare is a failure."""
    matches = {again.match for again in metrics}
    return next((match for match in WORST_FIRST if match in matches), "failed")
