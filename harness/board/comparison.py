"""Two rows side by side: which is better in each metric and channel, by how much, and how significantly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from spurgen.benchmark.suite import Suite
from spurgen.harness.board.bootstrap import TaskBootstrap, one_thread, pooled_spreads
from spurgen.harness.board.eligibility import eligible
from spurgen.harness.metrics import Interval
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.statistics import ALPHA, holm, paired_difference

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
    interval: Interval
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
def compare(
    suite: Suite, rows: Rows, first: str, second: str, tasks: Sequence[str], private: Rows | None = None
) -> Comparison:
    """Compare two rows on the tasks where the leaderboard could rank both; `private`: as in `leaderboard.build`.

    By the paired bootstrap over samples with the variance over seeds added, as rows are ranked; that of a task is
    pooled over all its rows.
    """
    comparison = Comparison()
    drawn: dict[str, dict[str, _Drawn]] = {}
    for name in tasks:
        bootstrap = TaskBootstrap.of(suite.task(name))
        divided = eligible(suite, bootstrap.task, bootstrap.groups, on_task(rows, name), on_task(private or {}, name))
        fit = divided.ranked
        missing = [label for label in (first, second) if label not in fit]
        if missing:
            reasons = {label: row.reason for label, row in divided.unranked.items()}
            comparison.left_out[name] = "; ".join(f"{label}: {reasons.get(label, 'not run')}" for label in missing)
        else:
            comparison.seeds[name] = len(fit[first]), len(fit[second])
            drawn[name] = _draw(bootstrap, fit, (first, second))
    means = _means(suite, rows, (first, second), drawn)
    compared = iter(_compared([*means.values(), *drawn.values()]))
    comparison.overall.update((name, next(compared)) for name in means)
    comparison.tasks.update((name, next(compared)) for name in drawn)
    return comparison


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


def _compared(tables: Sequence[Mapping[str, _Drawn]]) -> list[dict[str, Compared]]:
    """Compare every metric of every table, Holm-corrected over all of them."""
    drawn = [(k, metric, *pair) for k, table in enumerate(tables) for metric, pair in table.items()]
    differences = [paired_difference(first, ours, second, theirs) for *_, (first, second), (ours, theirs) in drawn]
    compared: list[dict[str, Compared]] = [{} for _ in tables]
    corrected = holm([difference.p for difference in differences])
    for (k, metric, (first, second), _), difference, p_holm in zip(drawn, differences, corrected, strict=True):
        higher = difference.value * BETTER[metric.partition("/")[0]] > 0
        better: Side | None = None if p_holm >= ALPHA else "first" if higher else "second"
        compared[k][metric] = Compared(float(first), float(second), *difference, p_holm, better)
    return compared
