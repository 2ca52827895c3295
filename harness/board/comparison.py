"""Two rows side by side: which is better in each metric and channel, by how much, and how significantly."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import RANKED_BY, Unit, by_label, spread_of, unit_of
from spurgen.harness.board.columns import column
from spurgen.harness.board.counterexamples import Reached, counterexamples, rungs_of
from spurgen.harness.board.eligibility import rankable
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.statistics.comparison import Compared, compare, corrected
from spurgen.harness.statistics.units import mean_over_tasks

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

    `needed` maps each ladder to the counterexamples that the first and the second row need; the first has
    `needed_to_erm`, which is their ratio here. `asked` maps what the question is about to accuracy if misled: ladders
    and other sets of tasks, and tasks of no ladder that is compared. `units` maps each task to the numbers of both
    rows' units and their kind, `tasks` to its metrics, `left_out` other tasks to the reason. `overall` maps each set
    whose tasks are all compared to the metrics' means over it.
    """

    needed: dict[str, tuple[Reached, Reached]] = field(default_factory=dict)
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
            reasons = {label: row.reason for label, row in unranked.items()}
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
    asked = [key for key in tests if key[2] == RANKED_BY and not (key[0] == "tasks" and _of(suite, key[1]) in climbed)]
    tables = {"overall": comparison.overall, "tasks": comparison.tasks}
    families = [{key: test for key, test in tests.items() if (key in asked) == first} for first in (True, False)]
    tested = corrected(families[0]) | corrected(families[1])
    for table, name, metric in tests:
        tables[table].setdefault(name, {})[metric] = tested[table, name, metric]
    for table, name, metric in asked:
        comparison.asked.setdefault(name, tested[table, name, metric])
    return comparison


def _of(suite: Suite, name: str) -> str:
    """Return the ladder of a task, or nothing."""
    task = suite.task(name)
    return task.of


def _needed(
    tasks: Sequence[Task], parts: Sequence[Mapping[str, TaskRow]], pair: tuple[str, str]
) -> tuple[Reached, Reached] | None:
    """Return the counterexamples that both rows need on a ladder; None for other tasks, or without a ceiling."""
    values = {label: [by_label(part, RANKED_BY)[label] for part in parts] for label in pair}
    reached = counterexamples(rungs_of(tasks), values, pair[1])
    return (reached[pair[0]], reached[pair[1]]) if reached else None


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
