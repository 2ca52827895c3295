"""The bootstrap of `spurgen run`, whose methods often have a single training, so that only samples show chance."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from spurgen.benchmark.suite import Task
from spurgen.harness.board.baseline_rows import Spreads
from spurgen.harness.board.by_unit import groups_on_test
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.results.contradiction import BASE_METRICS
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.bootstrap import GroupWeights, SampleWeights, group_bootstrap_weights
from spurgen.harness.statistics.seed_spread import add_noise, mean_deviation

REPLICATES = 1000
OF_GROUPS = ("wga", "robust_accuracy", "accuracy")
"""Metrics that follow from accuracies by group."""


def mean_weights(classes: Int64, seed: str) -> Float64:
    """Draw weights for means over base samples, float64 (B, m); `classes` int64 (m,).

    Bases are resampled within their class. The mean of k samples drawn from k has only (k - 1) / k of the variance that
    it should have, so the weights' deviations from 1 are scaled by the root of k / (k - 1). Where a class has a single
    base, they are resampled regardless of class.
    """
    sizes = np.bincount(classes)[classes]
    if sizes.min() < 2:
        classes, sizes = np.zeros_like(classes), np.full_like(classes, len(classes))
    counts = group_bootstrap_weights(classes, REPLICATES, seed)
    scale: Float64 = np.sqrt(sizes / np.maximum(sizes - 1, 1.0))
    return 1 + (counts - 1.0) * scale


@lru_cache(maxsize=8)
def _weights(groups: bytes, bases: int, patterns: int, key: str) -> tuple[GroupWeights, SampleWeights]:
    """Draw the weights of test samples and of base samples; `groups`: the bytes of int64 (n,)."""
    ids = np.frombuffer(groups, np.int64)
    test = GroupWeights(ids, group_bootstrap_weights(ids, REPLICATES, f"{key}/test"))
    return test, SampleWeights(mean_weights(ids[:bases] // patterns, f"{key}/bases"))


@dataclass(frozen=True)
class TaskBootstrap:
    """What all rows of a task share: the groups of the test samples, and the bootstrap's weights."""

    task: Task
    groups: Int64
    test_weights: GroupWeights
    base_weights: SampleWeights
    _drawn: dict[int, tuple[TaskRow, dict[str, Float64]]] = field(default_factory=dict, repr=False, compare=False)
    """The accuracies `OF_GROUPS` by the id of a row, which is kept so that no other row gets its id."""

    @classmethod
    def of(cls, task: Task) -> "TaskBootstrap":
        """Draw the weights, the same for tasks of one scenario and the same channels."""
        scenario = task.scenario
        key = f"{scenario.name}/{'+'.join(task.channels)}"
        groups = groups_on_test(task)
        drawn = _weights(groups.tobytes(), scenario.splits.twins, 2 ** len(task.channels), key)
        return cls(task, groups, *drawn)

    def replicates(self, label: str, row: TaskRow, metric: str, spreads: Spreads, *, own: bool = True) -> Float64:
        """Draw a row's mean over seeds as other samples and other seeds might give it, float64 (B,).

        `metric`: one of `OF_GROUPS`, `sss` (the mean over the channels), `sss/<channel>` or one of `BASE_METRICS`;
        `spreads` has the task's pooled spread of it, `own`: as in `mean_deviation`. Rows are paired over the samples;
        the seeds' noise is each row's own.
        """
        deviation = mean_deviation(row.metric(metric), spreads[metric], own=own)
        return add_noise(self.resampled(row, metric), deviation, self.task.name, label, metric)

    def resampled(self, row: TaskRow, metric: str) -> Float64:
        """Draw the same as other samples alone might give it: the paired bootstrap with these very seeds."""
        if metric in OF_GROUPS:
            return self._of_groups(row)[metric]
        names = (
            [f"sss/{name}" for name in self.task.channels] if metric == "sss" else [BASE_METRICS.get(metric, metric)]
        )
        values = np.mean([row.sample_mean(name) for name in names], axis=0)
        return self.base_weights.mean(values[None])

    def _of_groups(self, row: TaskRow) -> dict[str, Float64]:
        if id(row) not in self._drawn:
            each = self.test_weights.per_seed(row.correct, self.task.scenario.num_classes)
            means = {name: part.mean(axis=0) for name, part in zip(OF_GROUPS, each, strict=True)}
            self._drawn[id(row)] = row, means
        return self._drawn[id(row)][1]
