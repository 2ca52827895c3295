"""Two rows side by side: which is better in each metric and channel, by how much, and how significantly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from spurgen.benchmark.suite import Suite
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import RANKED_BY, TaskValues, Unit, groups_on_test, spread_of, unit_of
from spurgen.harness.board.columns import column
from spurgen.harness.board.eligibility import eligible
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.statistics.comparison import Compared, compare, corrected
from spurgen.harness.statistics.units import Spread, mean_over_tasks

COMPARED = (
    RANKED_BY, "accuracy_agree", "accuracy_neutral", "wga", "accuracy", "follows", "uses_thing", "sss"
)  # fmt: skip
"""Metrics that are compared where both rows have them, and then following and SSS of every channel."""
Side = Literal["first", "second"]


def better(metric: str, compared: Compared) -> Side | None:
    """Return which row is significantly better in a metric, or None; on a channel as in the whole."""
    if not compared.significant:
        return None
    return "first" if compared.difference * column(metric.partition("/")[0]).better > 0 else "second"


@dataclass(frozen=True)
class SideBySide:
    """Two rows compared.

    `units` maps each task to the units of both rows, and what they are; `tasks` to its metrics, `left_out` other tasks
    to the reason. `overall` maps each set of tasks that is compared whole to the metrics' means over it.
    """

    units: dict[str, tuple[int, int, Unit]] = field(default_factory=dict)
    overall: dict[str, dict[str, Compared]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Compared]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


class _Pair(NamedTuple):
    """A metric of both rows by unit, float64 (W1,) and (W2,), and its spread over units."""

    first: Float64
    second: Float64
    spread: Spread


def compare_rows(
    suite: Suite, rows: Rows, first: str, second: str, tasks: Sequence[str], private: Rows | None = None
) -> SideBySide:
    """Compare two rows on the tasks where the leaderboard shows both; `private`: as in `leaderboard.build`.

    By the moderated paired t-test over units, as rows are ranked; the spread of a task is that of its baselines.
    """
    comparison, shown = SideBySide(), {}
    for name in tasks:
        task = suite.task(name)
        groups = groups_on_test(task)
        divided = eligible(suite, task, groups, on_task(rows, name), on_task(private or {}, name))
        fit = divided.ranked
        missing = [label for label in (first, second) if label not in fit]
        if missing:
            reasons = {label: row.reason for label, row in divided.unranked.items()}
            comparison.left_out[name] = "; ".join(f"{label}: {reasons.get(label, 'not run')}" for label in missing)
        else:
            comparison.units[name] = len(fit[first]), len(fit[second]), unit_of(task)
            shown[name] = _Shown(TaskValues(task, np.bincount(groups)), fit)
    pairs = {name: _pairs(of_task, (first, second)) for name, of_task in shown.items()}
    means = _means(suite, shown, (first, second))
    compared = iter(_compared([*means.values(), *pairs.values()]))
    comparison.overall.update((name, next(compared)) for name in means)
    comparison.tasks.update((name, next(compared)) for name in pairs)
    return comparison


class _Shown(NamedTuple):
    """A task on which both rows are shown: its metrics by unit, and all rows that may be ranked, by label."""

    values: TaskValues
    rows: Mapping[str, TaskRow]

    @property
    def baselines(self) -> list[str]:
        return [label for label, row in self.rows.items() if is_baseline_row(row)]


def _pairs(shown: _Shown, pair: tuple[str, str]) -> dict[str, _Pair]:
    by_channel = [f"{metric}/{channel}" for metric in ("follows", "sss") for channel in shown.values.task.channels]
    names = [*COMPARED, *by_channel]
    by_metric = {name: shown.values.by_label(shown.rows, name) for name in names}
    return {
        name: _Pair(values[pair[0]], values[pair[1]], spread_of(name, values, shown.baselines))
        for name, values in by_metric.items()
        if set(pair) <= values.keys()
    }


def _means(suite: Suite, shown: Mapping[str, _Shown], pair: tuple[str, str]) -> dict[str, dict[str, _Pair]]:
    """Average both rows over every set of tasks that is compared whole, and where each has one access tier."""
    means: dict[str, dict[str, _Pair]] = {}
    for name, members in suite.overall.items():
        if not set(members) <= shown.keys():
            continue
        parts = [shown[task] for task in members]
        if all(len({part.rows[label].results[0].access for part in parts}) == 1 for label in pair):
            common = set(parts[0].rows).intersection(*(part.rows for part in parts))
            baselines = [label for label in common if all(label in part.baselines for part in parts)]
            means[name] = {}
            for metric in COMPARED:
                of_parts = [part.values.by_label(part.rows, metric) for part in parts]
                known = [label for label in common if all(label in values for values in of_parts)]
                over = {label: mean_over_tasks([values[label] for values in of_parts]) for label in known}
                if set(pair) <= over.keys():
                    spread = spread_of(metric, over, baselines)
                    means[name][metric] = _Pair(over[pair[0]], over[pair[1]], spread)
    return means


def _compared(tables: Sequence[Mapping[str, _Pair]]) -> list[dict[str, Compared]]:
    """Compare every metric of every table, Holm-corrected over all of them."""
    tests = {
        (k, metric): compare(pair.first, pair.second, "seed", spread=pair.spread)
        for k, table in enumerate(tables)
        for metric, pair in table.items()
    }
    every = corrected(tests)
    return [{metric: every[k, metric] for metric in table} for k, table in enumerate(tables)]
