"""What the tests of the report look at: ranked rows by task, references, and published figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import DEFAULT_SUITE, Suite, Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.bootstrap import TaskBootstrap, groups_on_test, pooled_spreads
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.schema import TaskBoard, TaskBoardRow
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.consistency import contradiction
from spurgen.harness.results.rows import Rows, TaskRow
from spurgen.harness.validity._published import PublishedFigure

FULL, CALIBRATE = "make benchmark-full", "make calibrate"


class Sampled(NamedTuple):
    """Holds a figure's mean over seeds and its paired bootstrap, float64 (B,), as the leaderboard has them."""

    point: float
    replicates: Float64


@dataclass(frozen=True)
class TaskEvidence:
    """Holds a task's rows that may be ranked, seeds 0, 1, 2, ... each, and why others may not.

    `board` maps their labels to their leaderboard rows. `references` are cells of ERM trained without
    the correlations.
    """

    task: Task
    rows: Mapping[str, TaskRow]
    board: Mapping[str, TaskBoardRow]
    unranked: Mapping[str, str]
    references: Sequence[Result]
    _made: dict[tuple[str, str, int], Sampled] = field(default_factory=dict, repr=False)

    @cached_property
    def bootstrap(self) -> TaskBootstrap:
        """The leaderboard's bootstrap of this task."""
        return TaskBootstrap.of(self.task)

    def why_not(self, label: str) -> str:
        """Says that a row is not there, or why it may not be ranked."""
        reason = self.unranked.get(label)
        return f"{label} is not ranked ({reason})" if reason else f"no row of {label}"

    def not_run(self, labels: Iterable[str]) -> list[str]:
        """Selects the labels that have no row, ranked or not."""
        return [label for label in labels if label not in self.rows and label not in self.unranked]

    def seeds(self, *labels: str) -> int:
        """Counts the seeds that all these rows have."""
        return min(len(self.rows[label]) for label in labels)

    def wga(self, label: str, seeds: int | None = None) -> Sampled:
        """Returns a row's worst-group accuracy over its first `seeds` seeds, default all."""
        return self._sampled("wga", label, seeds)

    def sss(self, label: str, channel: str | None = None) -> Sampled:
        """Return a row's SSS in a channel, or its mean over the channels, over all its seeds."""
        return self._sampled(f"sss/{channel}" if channel else "sss", label, None)

    def _sampled(self, figure: str, label: str, seeds: int | None) -> Sampled:
        row = self.rows[label].first(seeds or len(self.rows[label]))
        key = (figure, label, len(row))
        if key not in self._made:
            drawn = self.bootstrap.replicates(label, row, figure, pooled_spreads(self.rows.values(), [figure]))
            self._made[key] = Sampled(row.mean(figure), drawn)
        return self._made[key]


@dataclass(frozen=True)
class Evidence:
    """Holds all that the report is a function of; `baselines` are the methods that a whole suite has rows of."""

    suite: Suite
    tasks: Mapping[str, TaskEvidence]
    published: Sequence[PublishedFigure]
    baselines: Sequence[str]

    @property
    def main(self) -> dict[str, TaskEvidence]:
        """Select the tasks on which the suite must pass."""
        return {name: self.tasks[name] for name in self.suite.main}

    def lacking(self, whats: Mapping[str, str], *, references: bool = False) -> list[str]:
        """Says what rows or references are not there and which command makes them, a line for all that lack the same.

        `whats` maps a task or a method to what it lacks.
        """
        tasks: dict[str, list[str]] = {}
        for task, what in whats.items():
            tasks.setdefault(what, []).append(task)
        command = self._calibrate if references else self._benchmark
        return [f"{', '.join(some)}: {what}; `{command}` makes what is missing" for what, some in tasks.items()]

    @property
    def _benchmark(self) -> str:
        return FULL if self.suite.name == DEFAULT_SUITE else f"spurgen benchmark --suite {self.suite.spoken} --seeds 5"

    @property
    def _calibrate(self) -> str:
        flags = f"--suite {self.suite.spoken} --tasks {' '.join(self.main)}"
        return CALIBRATE if self.suite.name == DEFAULT_SUITE else f"spurgen calibrate {flags}"


def gather(
    suite: Suite, rows: Rows, references: Rows, published: Sequence[PublishedFigure], baselines: Sequence[str]
) -> Evidence:
    """Sorts cells by task and leaves out what the leaderboard would not rank, and whatever is no baseline."""
    rows = {label: by_task for label, by_task in rows.items() if label in baselines}
    boards = build(suite, rows).tasks
    tasks = {}
    for name, task in suite.tasks.items():
        part = boards.get(name, TaskBoard((), ()))
        ranked = {row.submission: row for row in part.rows}
        tasks[name] = TaskEvidence(
            task,
            {label: rows[label][name] for label in sorted(ranked)},
            ranked,
            {row.submission: row.reason for row in part.unranked},
            _sound(suite, task, references.get(ERM, {}).get(name)),
        )
    return Evidence(suite, tasks, published, baselines)


def _sound(suite: Suite, task: Task, row: TaskRow | None) -> Sequence[Result]:
    """Return the references, if they were trained without correlations, scored on this suite's data, and not edited."""
    data = suite.manifest.scenarios[task.scenario.name].digest
    if row is None or any(not r.uncorrelated or r.error or r.data_sha256 != data for r in row.results):
        return ()
    return row.results if contradiction(task, groups_on_test(task), row) is None else ()


def not_run(labels: Sequence[str], shown: int = 6) -> str:
    """Names the methods without a row, the first few of many."""
    more = f" and {len(labels) - shown} more" if len(labels) > shown else ""
    return f"not run: {', '.join(labels[:shown])}{more}"


def verdict(checks: Iterable[bool | None]) -> bool | None:
    """Returns False if a check failed, else None if one could not be made or there is none, else True."""
    found = list(checks)
    if False in found:
        return False
    return None if None in found or not found else True
