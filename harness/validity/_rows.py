"""What the tests of the benchmark examine: ranked rows by task, references, and published metrics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import DEFAULT_SUITE, Suite, Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.bootstrap import Spreads, TaskBootstrap, groups_on_test, pooled_spreads
from spurgen.harness.board.eligibility import rankable
from spurgen.harness.metrics import basic_interval
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.metrics.intervals import Interval
from spurgen.harness.results.contradiction import contradiction
from spurgen.harness.results.rows import Rows, TaskRow, on_task
from spurgen.harness.validity._published import PublishedMetric


class Bootstrapped(NamedTuple):
    """A metric's mean over seeds, and the leaderboard's replicates of it, float64 (B,)."""

    point: float
    replicates: Float64


@dataclass(frozen=True)
class RankedTask:
    """A task's rows that may be ranked, with the seeds 0, 1, 2, ..., and why the others may not.

    `references` are results of ERM trained without the correlations.
    """

    task: Task
    rows: Mapping[str, TaskRow]
    unranked: Mapping[str, str]
    references: Sequence[Result]
    _spreads: dict[str, Spreads] = field(default_factory=dict, repr=False)
    _drawn: dict[tuple[str, str, int], Bootstrapped] = field(default_factory=dict, repr=False)

    @cached_property
    def bootstrap(self) -> TaskBootstrap:
        """The leaderboard's bootstrap of this task."""
        bootstrap = TaskBootstrap.of(self.task)
        bootstrap.draw(self.rows.values())
        return bootstrap

    def reason(self, label: str) -> str:
        """Return why there is no ranked row of that label."""
        reason = self.unranked.get(label)
        return f"{label} is not ranked ({reason})" if reason else f"no row of {label}"

    def not_run(self, labels: Iterable[str]) -> list[str]:
        """Return the labels that have no row, ranked or not."""
        return [label for label in labels if label not in self.rows and label not in self.unranked]

    def wga(self, label: str, seeds: int | None = None) -> Bootstrapped:
        """Return a row's worst-group accuracy over its first `seeds` seeds, by default all."""
        return self._bootstrapped("wga", label, seeds)

    def wga_interval(self, label: str) -> Interval:
        """Return the 95 % interval of a row's worst-group accuracy, as on the leaderboard."""
        return basic_interval(*self.wga(label))

    def sss(self, label: str, channel: str | None = None) -> Bootstrapped:
        """Return a row's SSS in a channel, by default its mean over the channels, over all seeds."""
        return self._bootstrapped(f"sss/{channel}" if channel else "sss", label, None)

    def _bootstrapped(self, metric: str, label: str, seeds: int | None) -> Bootstrapped:
        row = self.rows[label].first(seeds or len(self.rows[label]))
        key = (metric, label, len(row))
        if key not in self._drawn:
            if metric not in self._spreads:
                self._spreads[metric] = pooled_spreads(self.rows.values(), [metric])
            replicates = self.bootstrap.replicates(label, row, metric, self._spreads[metric])
            self._drawn[key] = Bootstrapped(row.mean(metric), replicates)
        return self._drawn[key]


@dataclass(frozen=True)
class RankedSuite:
    """All that the report is a function of; `baselines` are the methods that a complete suite has rows of."""

    suite: Suite
    tasks: Mapping[str, RankedTask]
    published: Sequence[PublishedMetric]
    baselines: Sequence[str]

    @property
    def main(self) -> dict[str, RankedTask]:
        """Tasks on which the suite must pass."""
        return {name: self.tasks[name] for name in self.suite.main}

    def missing(self, lacks: Mapping[str, str], *, references: bool = False) -> list[str]:
        """Return which rows or references are missing and which command makes them, a line per kind.

        `lacks` maps tasks or methods to what each lacks.
        """
        names: dict[str, list[str]] = {}
        for name, lack in lacks.items():
            names.setdefault(lack, []).append(name)
        if references:
            command = f"spurgen calibrate --suite {self.suite.spoken} --tasks {' '.join(self.main)}"
        else:
            command = f"spurgen benchmark --suite {self.suite.spoken} --seeds 0-4"
        if self.suite.name == DEFAULT_SUITE:
            command = "make calibrate" if references else "make benchmark-full"
        return [f"{', '.join(those)}: {lack}; `{command}` makes what is missing" for lack, those in names.items()]


def gather(
    suite: Suite, rows: Rows, references: Rows, published: Sequence[PublishedMetric], baselines: Sequence[str]
) -> RankedSuite:
    """Sort the baselines' rows by task, and leave out those that the leaderboard would not rank."""
    ours = {label: row for label, row in rows.items() if label in baselines}
    tasks = {}
    for name, task in suite.tasks.items():
        groups = groups_on_test(task)
        ranked, unranked = rankable(suite, task, groups, on_task(ours, name))
        reasons = {label: row.reason for label, row in unranked.items()}
        reference = references.get(ERM, {}).get(name)
        valid = reference and _valid_reference(suite, task, groups, reference)
        tasks[name] = RankedTask(task, ranked, reasons, reference.results if reference and valid else ())
    return RankedSuite(suite, tasks, published, baselines)


def _valid_reference(suite: Suite, task: Task, groups: Int64, row: TaskRow) -> bool:
    """Return whether a row was trained without correlations, scored on this suite's data, and not edited."""
    data = suite.data_digest(task)
    if any(not result.uncorrelated or result.error or result.data_sha256 != data for result in row.results):
        return False
    return contradiction(task, groups, row) is None


def not_run(labels: Sequence[str], shown: int = 6) -> str:
    """Name the methods without a row, the first few of many."""
    more = f" and {len(labels) - shown} more" if len(labels) > shown else ""
    return f"not run: {', '.join(labels[:shown])}{more}"


def all_passed(checks: Iterable[bool | None]) -> bool | None:
    """Return False if a check failed, else None if one could not be made or there is none, else True."""
    made = list(checks)
    if False in made:
        return False
    return None if None in made or not made else True
