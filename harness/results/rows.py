"""Rows in memory: a submission's results, with the sample arrays that their metrics follow from.

Among these arrays are the classes predicted for the parts of `Description.asked`. Results as pandas tables, a line per
result; training curves of several seeds as arrays, by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Result, SampleArrays
from spurgen.harness.machine.printing import typed
from spurgen.harness.metrics.arrays import Float64

if TYPE_CHECKING:
    from pandas import DataFrame

PREDICTED = "predicted"
"""The sample array of the classes predicted for the parts of `Description.asked`, in their order: uint8 (1, n)."""
Classes = NDArray[np.uint8]
TEXTS = ("suite", "task", "submission", "spec", "access", "isolation", "verification", "error", "device", "finished")
FLAGS = ("uncorrelated", "matched")
NOT_PENALTIES = {"stage", "epoch", "loss", "risk", "val_accuracy", "val_wga", "val_robust"}
"""Entries of curves that every method may have; all others are penalties or terms of the method's own."""
Curves = Mapping[str, Float64]


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


def results_frame(results: Sequence[Result]) -> "DataFrame":
    """Return a line per result, in the given order."""
    lines = [result_line(result) for result in results]
    return typed(lines, texts=TEXTS, whole=("seed", "draw", "peak_memory_bytes"), flags=FLAGS)


def result_line(result: Result) -> dict[str, Any]:
    """Return a result as a line, by the column's name."""
    return dict(_entries(result))


def _entries(result: Result) -> Iterator[tuple[str, Any]]:
    for name in ("suite", "task", "submission", "spec", "access", "seed", "isolation", "verification"):
        yield name, getattr(result, name)
    yield from (("uncorrelated", result.uncorrelated), ("matched", result.matched), ("draw", result.draw))
    yield "error", result.error
    yield from result.metrics.items()
    for channel, metrics in result.channels.items():
        yield from ((f"{metric}/{channel}", value) for metric, value in metrics.items())
    provenance = result.provenance
    yield "seconds", provenance.total_seconds
    yield "peak_memory_bytes", provenance.peak_memory_bytes
    yield "device", provenance.environment.device
    yield "finished", provenance.finished


def stacked_curves(results: Sequence[Result]) -> dict[str, Float64]:
    """Stack the curves of results by name, float64 (seeds, epochs), NaN where a stage has no such entry.

    Stages follow one another. If the entries have no `epoch`, they are numbered. Text is left out. Curves end where the
    shortest seed ends; there are none if a seed has none.
    """
    each = [result.report.curves if result.report else () for result in results]
    length = min(map(len, each), default=0)
    if not length:
        return {}
    names = dict.fromkeys(name for entry in each[0][:length] for name in entry if not isinstance(entry[name], str))
    numbered = {"epoch": np.tile(np.arange(1.0, length + 1), (len(each), 1))}
    return numbered | {
        name: np.array([[_number(entry.get(name)) for entry in curve[:length]] for curve in each]) for name in names
    }


def _number(value: float | str | None) -> float:
    return np.nan if value is None or isinstance(value, str) else float(value)
