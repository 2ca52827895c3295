"""Two rows side by side: which is better in each metric and channel, by how much, and how significantly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from spurgen.benchmark.suite import Suite
from spurgen.harness.board.against_erm import ALPHA
from spurgen.harness.board.bootstrap import TaskBootstrap, one_thread, pooled_spreads
from spurgen.harness.board.eligibility import unranked_because
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import Rows, TaskRow
from spurgen.harness.statistics import holm, paired_difference

BETTER: dict[str, int] = {"wga": 1, "accuracy": 1, "sss": -1}
"""Metrics that are compared, and the direction in which each is better; the SSS of a channel is as `sss`."""
Side = Literal["first", "second"]


@dataclass(frozen=True)
class Compared:
    """A metric of both rows, each the mean over all its seeds, and the first less the second.

    `p_holm` is corrected for all metrics of all tasks and sets that are compared; `better` names the row that is
    significantly better in it, at 5 %, or is None.
    """

    first: float
    second: float
    difference: float
    interval: tuple[float, float]
    p: float
    p_holm: float
    better: Side | None = None


@dataclass(frozen=True)
class Comparison:
    """Two rows compared.

    `seeds` maps each task to the seeds of both rows, `tasks` to its metrics, `left_out` other tasks to the reason.
    `overall` maps each set of tasks that is compared whole to the metrics' means over it.
    """

    seeds: dict[str, tuple[int, int]] = field(default_factory=dict)
    overall: dict[str, dict[str, Compared]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Compared]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


class _Drawn(NamedTuple):
    """A metric of both rows, float64 (2,), and its paired bootstrap, float64 (2, B)."""

    points: Float64
    replicates: Float64


@one_thread
def compare(suite: Suite, rows: Rows, first: str, second: str, tasks: Sequence[str]) -> Comparison:
    """Compare two rows on the tasks where the leaderboard could rank both.

    By the paired bootstrap over samples with the variance over seeds added, as rows are ranked; that of a task is
    pooled over all its rows.
    """
    comparison = Comparison()
    drawn: dict[str, dict[str, _Drawn]] = {}
    for name in tasks:
        bootstrap = TaskBootstrap.of(suite.task(name))
        fit, reasons = rankable(suite, bootstrap, rows)
        missing = [f"{label}: {reasons.get(label, 'not run')}" for label in (first, second) if label not in fit]
        if missing:
            comparison.left_out[name] = "; ".join(missing)
        else:
            comparison.seeds[name] = len(fit[first]), len(fit[second])
            drawn[name] = _draw(bootstrap, fit, (first, second))
    means = _means(suite, rows, (first, second), drawn)
    corrected = iter(_corrected([*means.values(), *drawn.values()]))
    comparison.overall.update((name, next(corrected)) for name in means)
    comparison.tasks.update((name, next(corrected)) for name in drawn)
    return comparison


def rankable(suite: Suite, bootstrap: TaskBootstrap, rows: Rows) -> tuple[dict[str, TaskRow], dict[str, str]]:
    """Return the rows that the leaderboard could rank on a task, and why it could not rank others."""
    task = bootstrap.task
    fit: dict[str, TaskRow] = {}
    reasons: dict[str, str] = {}
    for label, row in sorted(rows.items()):
        if task.name in row:
            reason = unranked_because(suite, task, bootstrap.groups, row[task.name])
            if reason:
                reasons[label] = reason
            else:
                fit[label] = row[task.name]
    return fit, reasons


def _draw(bootstrap: TaskBootstrap, fit: Mapping[str, TaskRow], pair: tuple[str, str]) -> dict[str, _Drawn]:
    names = [*BETTER, *(f"sss/{channel}" for channel in bootstrap.task.channels)]
    spreads = pooled_spreads(fit.values(), names)
    return {
        name: _Drawn(
            np.array([fit[label].mean(name) for label in pair]),
            np.stack([bootstrap.replicates(label, fit[label], name, spreads) for label in pair]),
        )
        for name in names
    }


def _means(
    suite: Suite, rows: Rows, pair: tuple[str, str], drawn: Mapping[str, Mapping[str, _Drawn]]
) -> dict[str, dict[str, _Drawn]]:
    """Average both rows over every set of tasks that is compared whole, and where each has one access tier."""
    means = {}
    for name, members in suite.overall.items():
        tiers = [{rows[label][task].results[0].access for task in members if task in drawn} for label in pair]
        if set(members) <= drawn.keys() and all(len(tier) == 1 for tier in tiers):
            means[name] = {
                metric: _Drawn(
                    np.mean([drawn[task][metric].points for task in members], axis=0),
                    np.mean([drawn[task][metric].replicates for task in members], axis=0),
                )
                for metric in BETTER
            }
    return means


def _corrected(tables: Sequence[Mapping[str, _Drawn]]) -> list[dict[str, Compared]]:
    """Compare every metric, Holm-corrected over all of them."""
    compared = [(k, metric, _compared(drawn)) for k, table in enumerate(tables) for metric, drawn in table.items()]
    corrected: list[dict[str, Compared]] = [{} for _ in tables]
    for (k, metric, row), p_holm in zip(compared, holm([row.p for _, _, row in compared]), strict=True):
        higher = row.difference * BETTER[metric.partition("/")[0]] > 0
        better: Side | None = None if p_holm >= ALPHA else "first" if higher else "second"
        corrected[k][metric] = replace(row, p_holm=p_holm, better=better)
    return corrected


def _compared(drawn: _Drawn) -> Compared:
    (first, second), (ours, theirs) = drawn.points.tolist(), drawn.replicates
    difference = paired_difference(first, ours, second, theirs)
    interval = difference.low, difference.high
    return Compared(first, second, difference.value, interval, difference.p, difference.p)
