"""What the questions are asked of: ranked rows by task, references, and published metrics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from spurgen.benchmark.ideal import IdealValues
from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import DEFAULT_SUITE, Suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import RANKED_BY, TaskValues, Unit, groups_on_test, spread_of, unit_of
from spurgen.harness.board.eligibility import rankable
from spurgen.harness.board.references import reference_row
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.ideal import stored_ideals, with_ideal
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import Spread, mean_estimate
from spurgen.harness.validity.published import PublishedMetric


@dataclass(frozen=True)
class RankedTask:
    """A task's rows that may be ranked, with the units 0, 1, 2, ..., and why the others may not.

    `references` are results of ERM trained without the correlations. `ideals` has the stored metrics of the ideal
    observer of every world, in order, and nothing if those of a world are not stored.
    """

    values: TaskValues
    rows: Mapping[str, TaskRow]
    unranked: Mapping[str, str]
    references: Sequence[Result]
    ideals: Sequence[IdealValues] = ()
    _spreads: dict[str, Spread] = field(default_factory=dict, init=False, repr=False, compare=False)
    _values: dict[tuple[str, str], Float64 | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def task(self) -> Task:
        """The task."""
        return self.values.task

    @property
    def unit(self) -> Unit:
        """What a result of the task stands for."""
        return unit_of(self.task)

    def reason(self, label: str) -> str:
        """Return why there is no ranked row of that label."""
        reason = self.unranked.get(label)
        return f"{label} is not ranked ({reason})" if reason else f"no row of {label}"

    def not_run(self, labels: Iterable[str]) -> list[str]:
        """Return the labels that have no row, ranked or not."""
        return [label for label in labels if label not in self.rows and label not in self.unranked]

    def units(self, label: str, metric: str = RANKED_BY) -> Float64:
        """Return a metric of a row by unit, float64 (W,); names as in `TaskValues.of`."""
        values = self._known(label, metric)
        assert values is not None, "rows that are ranked have these metrics"
        return values

    def has(self, label: str, metric: str) -> bool:
        """Return whether every result of a row has a metric."""
        return label in self.rows and self._known(label, metric) is not None

    def _known(self, label: str, metric: str) -> Float64 | None:
        if (label, metric) not in self._values:
            self._values[label, metric] = self.values.of(self.rows[label], metric)
        return self._values[label, metric]

    def mean(self, label: str, metric: str = RANKED_BY) -> float:
        """Return the mean of a metric over a row's units."""
        return float(self.units(label, metric).mean())

    @cached_property
    def access(self) -> dict[str, str]:
        """Access tier of every row."""
        return {label: row.results[0].access for label, row in self.rows.items()}

    def ideal(self, metric: str = RANKED_BY) -> float | None:
        """Return the ideal observer's metric, a mean over the worlds, or None if it is not stored."""
        by_world = self._ideals(metric)
        return None if by_world is None else float(by_world.mean())

    def less_ideal(self, label: str, metric: str = RANKED_BY) -> Float64 | None:
        """Return a row's metric less the ideal observer's by unit, float64 (W,), or None if that is not stored."""
        by_world, units = self._ideals(metric), self.units(label, metric)
        return None if by_world is None else units - np.resize(by_world, len(units))

    def _ideals(self, metric: str) -> Float64 | None:
        known = [ideal.metrics[metric] for ideal in self.ideals if metric in ideal.metrics]
        return np.array(known) if len(known) == len(self.task.worlds) else None

    @cached_property
    def full(self) -> list[str]:
        """Labels of the rows with enough units for a rank, best first."""
        asked, means = self.task.units_asked, {label: self.units(label).mean() for label in self.rows}
        full = [label for label, row in self.rows.items() if len(row) >= asked]
        return sorted(full, key=lambda label: (-means[label], label))

    @property
    def alike(self) -> list[str]:
        """Labels of the rows that can be resampled together: with enough units for a rank, or the most that any has."""
        enough = min(self.task.units_asked, max(map(len, self.rows.values()), default=0))
        return [label for label, row in self.rows.items() if len(row) >= enough]

    def spread(self, metric: str = RANKED_BY) -> Spread:
        """Return how a metric varies over units within the rows and their pairs."""
        if metric not in self._spreads:
            values = {label: self.units(label, metric) for label in self.rows}
            self._spreads[metric] = spread_of(metric, values, self.rows)
        return self._spreads[metric]

    def estimate(self, label: str, metric: str = RANKED_BY) -> Estimate:
        """Return a metric's mean over units with its interval, as on the leaderboard."""
        return mean_estimate(self.units(label, metric), self.spread(metric))


@dataclass(frozen=True)
class RankedSuite:
    """All that the report is a function of.

    `baselines`: the access tier of every method that a complete suite has rows of, by name.
    """

    suite: Suite
    tasks: Mapping[str, RankedTask]
    published: Sequence[PublishedMetric]
    baselines: Mapping[str, str]

    @property
    def main(self) -> dict[str, RankedTask]:
        """Tasks on which the suite must pass."""
        return {name: self.tasks[name] for name in self.suite.main}

    def missing(self, lacks: Mapping[str, str], *, references: bool = False, ideals: bool = False) -> list[str]:
        """Return which rows, references or ideal observers are missing and which command makes them, a line per kind.

        `lacks` maps tasks or methods to what each lacks.
        """
        names: dict[str, list[str]] = {}
        for name, lack in lacks.items():
            names.setdefault(lack, []).append(name)
        if references:
            command = f"python tools/calibrate.py --suite {self.suite.spoken} --tasks {' '.join(self.main)}"
        else:
            command = f"spurgen benchmark --suite {self.suite.spoken} --seeds 0-4"
        if self.suite.name == DEFAULT_SUITE:
            command = "make calibrate" if references else "make benchmark-full"
        if ideals:
            command = f"spurgen splits ideal --suite {self.suite.spoken}"
        return [f"{', '.join(those)}: {lack}; `{command}` makes what is missing" for lack, those in names.items()]


def gather(
    suite: Suite, rows: Rows, references: Rows, published: Sequence[PublishedMetric], baselines: Mapping[str, str]
) -> RankedSuite:
    """Sort the baselines' rows by task, and leave out those that the leaderboard would not rank among the baselines."""
    current = {
        label: {name: part for name, part in row.items() if is_baseline_row(part)}
        for label, row in rows.items()
        if label in baselines
    }
    ours = with_ideal(suite, current)
    stored = stored_ideals(suite)
    tasks = {}
    for name, task in suite.tasks.items():
        groups = groups_on_test(task)
        ranked, unranked = rankable(suite, task, groups, on_task(ours, name))
        reasons = {label: row.reason for label, row in unranked.items()}
        reference = reference_row(suite, task, groups, references)
        values = TaskValues(task, np.bincount(groups))
        ideals = [stored[world.name, task.modality] for world in task.worlds if (world.name, task.modality) in stored]
        tasks[name] = RankedTask(values, ranked, reasons, reference.results if reference else (), ideals)
    return RankedSuite(suite, tasks, published, baselines)


def not_run(labels: Sequence[str], shown: int = 6) -> str:
    """Name the methods without a row, the first few of many."""
    more = f" and {len(labels) - shown} more" if len(labels) > shown else ""
    return f"not run: {', '.join(labels[:shown])}{more}"
