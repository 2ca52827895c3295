"""Variation of the metrics of `spurgen run` with the choice of test samples; methods often have a single training."""

from dataclasses import dataclass

import numpy as np

from spurgen.benchmark.task import Task
from spurgen.harness.board.by_unit import groups_on_test
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.samples import Design, deviation

SEED = 0  # of the bootstrap


@dataclass(frozen=True)
class TestSamples:
    """A task's test samples, as groups, and its base samples with twins: their classes, int64 (m,)."""

    __test__ = False  # pytest would take it for tests

    task: Task
    design: Design
    classes: Int64

    @classmethod
    def of(cls, task: Task) -> "TestSamples":
        """Return the test samples of a task; all of its worlds have the same labels and groups."""
        groups, count, patterns = groups_on_test(task), task.num_groups, 2 ** len(task.channels)
        places = {"agree": 0, "mislead": patterns - 1}
        weights = {name: (np.arange(count) % patterns == k) / task.num_classes for name, k in places.items()}
        design = Design(groups, np.bincount(groups, minlength=count), weights)
        return cls(task, design, groups[: task.scenario.base_of("twins/core")[1]] // patterns)

    def errors(self, row: TaskRow) -> dict[str, float]:
        """Return the standard errors of a row's metrics by the choice of samples; names as in `Result.metric`."""
        drawn = self.design.metrics(self.design.resampled(row.correct, SEED))
        of_groups = {name: deviation(values.mean(axis=1)) for name, values in drawn.items()}
        return of_groups | {name: self._error(values) for name, values in self._base(row).items()}

    def difference_errors(self, row: TaskRow, other: TaskRow) -> dict[str, float]:
        """Return the standard errors of the differences of two rows' metrics, paired over the samples."""
        ours, theirs = self._base(row), self._base(other)
        of_groups = self.design.difference_errors(row.correct, other.correct, SEED)
        return of_groups | {name: self._error(ours[name] - theirs[name]) for name in ours}

    def _base(self, row: TaskRow) -> dict[str, Float64]:
        """Return what each base sample contributes to the metrics that are means over them, float64 (m,)."""
        by_channel = {f"sss/{name}": row.sample_mean(f"sss/{name}") for name in self.task.channels}
        whole: Float64 = np.mean([*by_channel.values()], axis=0)
        return {"sss": whole, **by_channel, "ig": row.sample_mean("ig")}

    def _error(self, values: Float64) -> float:
        """Return the standard error of a mean over base samples, which are drawn within their class.

        Where a class has a single one, they count as drawn regardless of class.
        """
        sizes = np.bincount(self.classes)
        classes = self.classes if sizes[sizes > 0].min() > 1 else np.zeros_like(self.classes)
        parts = [values[classes == k] for k in np.unique(classes)]
        if min(map(len, parts)) < 2:
            return 0.0
        return float(np.sqrt(sum(len(part) * part.var(ddof=1) for part in parts))) / len(values)
