"""Reproduction of a row: its metrics before, those of a second run, and whether they agree."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import ndtri

from spurgen.benchmark.result import Result
from spurgen.benchmark.specs import is_baseline
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.seed_spread import pool

METRICS = ("wga", "accuracy", "sss", "ig", "core_sensitivity", "cra")
EXACT = 1e-6
MISSED = 0.05
UNKNOWN = {"wga": 0.1, "accuracy": 0.02, "sss": 0.03, "ig": 0.2, "core_sensitivity": 0.05, "cra": 0.05}
"""Tolerances where no row of the task has two seeds that differ."""
Verdict = Literal["exact", "within tolerance", "differs", "failed"]


class Again(NamedTuple):
    """A metric of one result: in the row, in the second run, and how much the two may differ."""

    figure: str
    before: float
    after: float
    tolerance: float

    @property
    def verdict(self) -> Verdict:
        """How well the second run agrees."""
        moved = abs(self.after - self.before)
        return "exact" if moved <= EXACT else "within tolerance" if moved <= self.tolerance else "differs"


def tolerances(rows: Iterable[TaskRow], comparisons: int = 1) -> dict[str, float]:
    """Return how much each metric may differ: as much as another seed changes it, by the baselines' rows of a task.

    Two single runs differ by more than 2.77 standard deviations in one case of twenty (ISO 5725-6); the limit is such
    that any of the `comparisons` exceeds it that often (Bonferroni). Another machine or version of a library sums in
    another order, and a long training that does so is equivalent to one with another seed. On the same machine metrics
    are reproduced exactly.
    """
    ours = [[r for r in row.results if r.error is None] for row in rows if is_baseline(row.results[0].spec)]
    spreads = {
        name: pool([np.array([result.metric(name) for result in results]) for results in ours]) for name in METRICS
    }
    reach = float(-np.sqrt(2) * ndtri(MISSED / 2 / comparisons))
    return {
        figure: UNKNOWN[figure] if spread is None else reach * spread.deviation for figure, spread in spreads.items()
    }


def compare_results(before: Result, after: Result, allowed: dict[str, float]) -> list[Again]:
    """Compare the metrics of a result with those of its second run; return [] if that failed.

    Raises:
        KeyError: for a result that lacks one of `METRICS`, which no successful run does.
    """
    if after.error is not None:
        return []
    return [Again(name, before.metrics[name], after.metrics[name], allowed[name]) for name in METRICS]


def compare_means(found: Sequence[Sequence[Again]]) -> list[Again]:
    """Compare the means of a task's metrics over its results, which may differ by less; return [] for fewer than two.

    `found`: `compare_results` of each. Small differences that all have the same sign are not chance.
    """
    some = [cells for cells in zip(*found, strict=True) if len(cells) > 1]
    return [
        Again(
            cells[0].figure,
            float(np.mean([again.before for again in cells])),
            float(np.mean([again.after for again in cells])),
            cells[0].tolerance / float(np.sqrt(len(cells))),
        )
        for cells in some
    ]


def verdict_of(found: Sequence[Again]) -> Verdict:
    """Return the worst verdict over a result's metrics; nothing to compare is a failure."""
    verdicts = {again.verdict for again in found}
    order: tuple[Verdict, ...] = ("differs", "within tolerance", "exact")
    return next((verdict for verdict in order if verdict in verdicts), "failed")
