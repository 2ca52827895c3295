"""Running a row again: what it told, what comes out now, and whether that is the same."""

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
"""Stands in where no row of the task has two seeds that differ."""
Verdict = Literal["exact", "within tolerance", "differs", "failed"]


class Again(NamedTuple):
    """Holds one figure of one cell: as the row tells it, as it comes out again, and how far it may move."""

    figure: str
    before: float
    after: float
    tolerance: float

    @property
    def verdict(self) -> Verdict:
        """Says whether it came out again."""
        moved = abs(self.after - self.before)
        return "exact" if moved <= EXACT else "within tolerance" if moved <= self.tolerance else "differs"


def tolerances(rows: Iterable[TaskRow], comparisons: int = 1) -> dict[str, float]:
    """Returns how far each figure may move: by as much as another seed moves it, from the baselines' rows of a task.

    Two single runs differ by more than 2.77 of their standard deviation in one case of twenty (ISO 5725-6); of so
    many `comparisons`, any does (Bonferroni). Another machine or version of a library sums in another order, and a
    training that does so for long is as good as one with another seed. On the same machine figures come out exactly.
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
    """Compares the figures of a cell with those of its second run; none if that failed.

    Raises `KeyError` for a cell that lacks one of `METRICS`, which no run that succeeded does.
    """
    if after.error is not None:
        return []
    return [Again(name, before.metrics[name], after.metrics[name], allowed[name]) for name in METRICS]


def compare_means(found: Sequence[Sequence[Again]]) -> list[Again]:
    """Compares a task's figures in the mean over its cells, which may move by less; none for fewer than two cells.

    `found`: `compare_results` of each. Figures that all moved a little the same way are not chance.
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
    """Returns the worst verdict over a cell's figures; nothing to compare is a failure."""
    verdicts = {again.verdict for again in found}
    order: tuple[Verdict, ...] = ("differs", "within tolerance", "exact")
    return next((verdict for verdict in order if verdict in verdicts), "failed")
