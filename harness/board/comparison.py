"""Two rows side by side, and a row beside its second run: how much each metric differs, and whether surely."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import ndtri

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.columns import column
from spurgen.harness.board.leaderboard import counterexamples, rungs_of
from spurgen.harness.board.rows import RANKED_BY, by_label, is_baseline_row, rankable, spread_of, unit_of
from spurgen.harness.board.schema import Unit
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.statistics.comparison import Compared, compare, corrected
from spurgen.harness.statistics.units import mean_over_tasks, pool

COMPARED = (
    RANKED_BY, "accuracy_agree", "accuracy_neutral", "wga", "accuracy", "follows", "uses_thing", "sss"
)  # fmt: skip
"""Metrics that are compared where both rows have them; following and SSS of every channel come after them."""
Side = Literal["first", "second"]


def better(metric: str, compared: Compared) -> Side | None:
    """Return which row is significantly better in a metric, of the whole or of a channel, or None."""
    if not compared.significant:
        return None
    return "first" if compared.difference * column(metric.partition("/")[0]).better > 0 else "second"


@dataclass(frozen=True)
class SideBySide:
    """Two rows compared.

    `needed` maps each ladder to the counterexamples that the first and the second row need, and their ratio, as text.
    `asked` maps what the question is about to accuracy if misled: ladders and other sets of tasks, and tasks of no
    ladder that is compared. `units` maps each task to the numbers of both rows' units and their kind, `tasks` to its
    metrics, `left_out` other tasks to the reason. `overall` maps each set whose tasks are all compared to the metrics'
    means over it.
    """

    needed: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    asked: dict[str, Compared] = field(default_factory=dict)
    units: dict[str, tuple[int, int, Unit]] = field(default_factory=dict)
    overall: dict[str, dict[str, Compared]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Compared]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def compare_rows(suite: Suite, rows: Rows, first: str, second: str, tasks: Sequence[str]) -> SideBySide:
    """Compare two rows on the tasks where the leaderboard shows both.

    Uses the moderated paired t-test over units, as the ranking does; a task's spread is that of its baselines. P-values
    of what is `asked` are Holm-corrected together, and those of all other metrics, channels and rungs together.
    """
    comparison, pair = SideBySide(), (first, second)
    shown: dict[str, Mapping[str, TaskRow]] = {}
    for name in tasks:
        task = suite.task(name)
        fit, unranked = rankable(suite, task, on_task(rows, name))
        missing = [label for label in pair if label not in fit]
        if missing:
            reasons = {label: line["reason"] for label, line in unranked.items()}
            comparison.left_out[name] = "; ".join(f"{label}: {reasons.get(label, 'not run')}" for label in missing)
        else:
            comparison.units[name] = len(fit[first]), len(fit[second]), unit_of(task)
            shown[name] = fit
    tests: dict[tuple[str, str, str], Compared] = {}
    for name, members in suite.overall.items():
        parts = [shown[task] for task in members if task in shown]
        if len(parts) == len(members) and _have_one_tier(parts, pair):
            tests |= {("overall", name, metric): test for metric, test in _of_set(parts, pair)}
            if reached := _needed([suite.task(member) for member in members], parts, pair):
                comparison.needed[name] = reached
    for name, of_task in shown.items():
        tests |= {("tasks", name, metric): test for metric, test in _of_task(suite.task(name), of_task, pair)}
    climbed = {name for table, name, _ in tests if table == "overall"}
    asked = [
        key for key in tests if key[2] == RANKED_BY and not (key[0] == "tasks" and suite.task(key[1]).of in climbed)
    ]
    tables = {"overall": comparison.overall, "tasks": comparison.tasks}
    families = [{key: test for key, test in tests.items() if (key in asked) == first} for first in (True, False)]
    tested = corrected(families[0]) | corrected(families[1])
    for table, name, metric in tests:
        tables[table].setdefault(name, {})[metric] = tested[table, name, metric]
    for table, name, metric in asked:
        comparison.asked.setdefault(name, tested[table, name, metric])
    return comparison


def _needed(
    tasks: Sequence[Task], parts: Sequence[Mapping[str, TaskRow]], pair: tuple[str, str]
) -> tuple[str, str, str] | None:
    """Return the counterexamples that both rows need on a ladder, and their ratio; None elsewhere or if unknown."""
    values = {label: [by_label(part, RANKED_BY)[label] for part in parts] for label in pair}
    reached = counterexamples(rungs_of(tasks), values, pair[1])
    if not reached:
        return None
    (first, ratio), (second, _) = (reached[label] for label in pair)
    return first.text, second.text, ratio.text if ratio else ""


def _have_one_tier(parts: Sequence[Mapping[str, TaskRow]], pair: tuple[str, str]) -> bool:
    return all(len({part[label].results[0].access for part in parts}) == 1 for label in pair)


def _of_task(task: Task, rows: Mapping[str, TaskRow], pair: tuple[str, str]) -> Iterator[tuple[str, Compared]]:
    """Yield the comparison of both rows in each metric, also by channel; `rows`: all rows that may be ranked."""
    baselines = [label for label, row in rows.items() if is_baseline_row(row)]
    for metric in (*COMPARED, *(f"{metric}/{name}" for metric in ("follows", "sss") for name in task.channels)):
        yield from _tested(metric, by_label(rows, metric), baselines, pair)


def _of_set(parts: Sequence[Mapping[str, TaskRow]], pair: tuple[str, str]) -> Iterator[tuple[str, Compared]]:
    """Yield the comparison of both rows' means over tasks; the rows that are on every task give the spread."""
    common = set(parts[0]).intersection(*parts)
    baselines = [label for label in common if all(is_baseline_row(part[label]) for part in parts)]
    for metric in COMPARED:
        of_parts = [by_label(part, metric) for part in parts]
        known = [label for label in common if all(label in values for values in of_parts)]
        means = {label: mean_over_tasks([values[label] for values in of_parts]) for label in known}
        yield from _tested(metric, means, baselines, pair)


def _tested(
    metric: str, values: Mapping[str, Float64], baselines: Sequence[str], pair: tuple[str, str]
) -> Iterator[tuple[str, Compared]]:
    """Yield the comparison of both rows in a metric, by label and unit, if both have it."""
    if values.keys() >= set(pair):
        spread = spread_of(metric, values, baselines)
        yield metric, compare(values[pair[0]], values[pair[1]], "seed", spread=spread)


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
