"""Rows in memory: a submission's results, with the sample arrays that their metrics follow from.

Among these arrays are the classes predicted for the parts of `Description.asked`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Result, SampleArrays
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.answered import PREDICTED, Classes

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class TaskRow:
    """A submission's results on one task, by ascending seed.

    `correct`: bool (S, n), the test samples that each seed classifies correctly. `sums`: float64 (m,) each, the
    real-valued sample arrays, summed over seeds. `predicted`: uint8 (S, 1, n), the classes that each seed predicts for
    all asked parts. Failed results have no samples.
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
        """Return a line per seed with typed columns."""
        from spurgen.harness.results.frames import results_frame

        return results_frame(self.results)


Row = Mapping[str, TaskRow]
"""A submission's results by task."""
Rows = Mapping[str, Row]
"""Rows by label."""


def on_task(rows: Rows, task: str) -> dict[str, TaskRow]:
    """Return the rows of a task by label, sorted."""
    return {label: row[task] for label, row in sorted(rows.items()) if task in row}


def join(where: str, first: TaskRow, second: TaskRow) -> TaskRow:
    """Join two parts of a task's row that have no seed in common.

    Raise `SpurgenError`, which begins with `where`, if an array has two sizes.
    """
    results = tuple(sorted([*first.results, *second.results], key=lambda result: result.seed))
    if not len(first.correct) or not len(second.correct):  # only failed results, which have no arrays
        return replace(first if len(first.correct) else second, results=results)
    ours, theirs = _sizes(first), _sizes(second)
    differs = next((name for name in (*ours, *theirs) if ours.get(name) != theirs.get(name)), None)
    if differs:
        raise SpurgenError(
            f"{where}: two results differ in the array {differs}: they are of different data, or of versions of "
            "SpurGen with other arrays; delete the files of one of them"
        )
    order = np.argsort([result.seed for part in (first, second) for result in part.results if result.error is None])
    return TaskRow(
        results,
        np.concatenate([first.correct, second.correct])[order],
        {name: total + second.sums[name] for name, total in first.sums.items()},
        np.concatenate([first.predicted, second.predicted])[order],
    )


def _sizes(part: TaskRow) -> dict[str, tuple[int, ...]]:
    """Return the shapes of one seed's arrays, which are equal for all results of a task."""
    per_seed = {"correct": part.correct.shape[1:], PREDICTED: part.predicted.shape[1:]}
    return per_seed | {name: total.shape for name, total in part.sums.items()}


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
