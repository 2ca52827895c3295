"""Rows in memory: a submission's results, with the sample arrays that their metrics follow from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.result import Result, SampleArrays
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.predicted import PREDICTED, Classes

if TYPE_CHECKING:  # imported by the first table
    from pandas import DataFrame


@dataclass(frozen=True)
class TaskRow:
    """A submission's results on one task, by ascending seed.

    `correct`: bool (S, n), the test samples that each seed classifies correctly. `sums`: float64 (m,) each, the real
    sample arrays summed over seeds, which is all that is needed. `predicted`: uint8 (S, f, c), the classes that each
    seed predicts for families (`results/predicted`); older results have none. Failed results have no samples.
    """

    results: tuple[Result, ...]
    correct: NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, 0), bool), repr=False)
    sums: Mapping[str, Float64] = field(default_factory=dict, repr=False)
    predicted: Classes = field(default_factory=lambda: np.empty((0, 0, 0), np.uint8), repr=False)

    def __len__(self) -> int:
        return len(self.results)

    @property
    def seeds(self) -> list[int]:
        """Training seeds, ascending."""
        return [result.seed for result in self.results]

    def metric(self, name: str) -> Float64:
        """Return a metric per seed, float64 (S,); `name` as in `Result.metric`."""
        return np.array([result.metric(name) for result in self.results])

    def mean(self, name: str) -> float:
        """Return a metric's mean over seeds."""
        return float(self.metric(name).mean())

    def sample_mean(self, name: str) -> Float64:
        """Return a sample array's mean over seeds, float64 (m,)."""
        return self.sums[name] / len(self.correct)

    def to_pandas(self) -> "DataFrame":
        """Return a line per seed with typed columns; `frames.rows_frame` makes one of many rows."""
        from spurgen.harness.results.frames import results_frame

        return results_frame(self.results)


Row = Mapping[str, TaskRow]
"""A submission's results by task."""
Rows = Mapping[str, Row]
"""Rows by label."""


def on_task(rows: Rows, task: str) -> dict[str, TaskRow]:
    """Return the rows of a task by label, sorted."""
    return {label: row[task] for label, row in sorted(rows.items()) if task in row}


def _sizes(part: TaskRow) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a seed's arrays, which are alike for all results of a task."""
    per_seed = {"correct": part.correct.shape[1:], PREDICTED: part.predicted.shape[1:]}
    return per_seed | {name: total.shape for name, total in part.sums.items()}


def array_that_differs(first: TaskRow, second: TaskRow) -> str | None:
    """Return the name of an array that two parts of a task's row do not have in the same size, or None."""
    ours, theirs = _sizes(first), _sizes(second)
    return next((name for name in (*ours, *theirs) if ours.get(name) != theirs.get(name)), None)


def with_common_arrays(first: TaskRow, second: TaskRow) -> tuple[TaskRow, TaskRow]:
    """Return two parts of a task's row, without the classes `predicted` if only one of them has any.

    A part without finished results has no arrays, and the other keeps its own.
    """
    if len(first.correct) and len(second.correct) and bool(first.predicted.size) != bool(second.predicted.size):
        none = TaskRow(()).predicted
        return replace(first, predicted=none), replace(second, predicted=none)
    return first, second


def make_task_row(outcomes: Sequence[tuple[Result, SampleArrays]]) -> TaskRow:
    """Return the row of results and their samples; the samples are as `round_samples` returns them."""
    ordered = sorted(outcomes, key=lambda outcome: outcome[0].seed)
    measured = [samples for result, samples in ordered if result.error is None and samples]
    results = tuple(result for result, _ in ordered)
    if not measured:
        return TaskRow(results)
    stacked = {name: np.stack([samples[name] for samples in measured]) for name in measured[0]}
    per_seed = {name: stacked.pop(name) for name in ("correct", PREDICTED) if name in stacked}
    return TaskRow(
        results, sums={name: each.sum(axis=0, dtype=np.float64) for name, each in stacked.items()}, **per_seed
    )
