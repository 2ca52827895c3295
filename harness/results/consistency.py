"""Whether a row's metrics follow from the samples that it keeps."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Task
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import TaskRow

BASE_METRICS = {"sss_placebo": "placebo", "ig": "ig", "core_sensitivity": "core", "cra": "cra", "flip_rate": "flip"}
"""Metrics that are means over the base samples, and the sample array of each."""
HALF_PRECISION = 2.0**-10  # relative error of float16, to which sample arrays are rounded
ROUNDING = 1e-7  # of the smallest float16, of sums, and of metrics as text
Claim = tuple[str, float | None, float, float]
"""A metric: its name, its value in the row, its value from the samples, and the difference that rounding explains."""


def contradiction(task: Task, groups: NDArray[np.int64], row: TaskRow) -> str | None:
    """Return in what a row's metrics do not follow from its samples, beyond rounding, or None.

    `groups`: int64 (n,), the groups of the test samples. No result of the row failed.
    """
    problem = _misfit(task, row)
    if problem:
        return f"its samples cannot be used: {problem}"
    sizes = np.bincount(groups)
    for result, correct in zip(row.results, row.correct, strict=True):
        hits = np.bincount(groups, correct)
        if hits.astype(int).tolist() != list(result.groups):
            return f"its counts per group do not follow from its samples (seed {result.seed})"
        problem = _first_wrong(_of_groups(task, hits / sizes, float(correct.mean()), result))
        if problem:
            return f"{problem} (seed {result.seed})"
    return _first_wrong(_of_base_samples(task, row))


def _misfit(task: Task, row: TaskRow) -> str | None:
    """Return which sample array is missing or of another size, or None."""
    expected = (len(row), task.scenario.num_test)
    if row.correct.shape != expected:
        return f"correct has shape {row.correct.shape}, expected {expected}"
    for name in (*BASE_METRICS.values(), *(f"sss/{channel}" for channel in task.channels)):
        size = row.sums[name].shape[0] if name in row.sums else 0
        if size != task.scenario.splits.twins:
            return f"{name} has {size} values, expected {task.scenario.splits.twins}"
    return None


def _first_wrong(claims: Iterator[Claim]) -> str | None:
    for name, claimed, actual, tolerance in claims:
        if claimed is None:
            return f"it lacks the metric {name}"
        if abs(claimed - actual) > tolerance:
            return f"its metrics do not follow from its samples: {name} {claimed:.6g}, expected {actual:.6g}"
    return None


def _of_groups(task: Task, accuracies: Float64, accuracy: float, result: Result) -> Iterator[Claim]:
    """Yield what follows from the accuracies of groups, float64 (G,)."""
    yield "accuracy", result.metrics.get("accuracy"), accuracy, ROUNDING
    yield "wga", result.metrics.get("wga"), float(accuracies.min()), ROUNDING
    means = accuracies.reshape(task.scenario.num_classes, -1).mean(axis=0).tolist()
    letters = ["".join("ac"[k >> bit & 1] for bit in range(len(task.channels))) for k in range(len(means))]
    claimed = {f"accuracy of {name}": result.patterns.get(name) for name in letters}
    claimed |= {name: result.metrics.get(name) for name in ("aligned_accuracy", "conflicting_accuracy")}
    for (name, value), mean in zip(claimed.items(), [*means, means[0], means[-1]], strict=True):
        if value is not None:
            yield name, value, mean, ROUNDING


def _of_base_samples(task: Task, row: TaskRow) -> Iterator[Claim]:
    """Yield what follows from the base samples, over all seeds together."""
    for metric, name in BASE_METRICS.items():
        yield metric, _claimed(row, metric), float(row.sample_mean(name).mean()), _rounding(row, name)
    names = [f"sss/{channel}" for channel in task.channels]
    means = [float(row.sample_mean(name).mean()) for name in names]
    tolerances = [_rounding(row, name) for name in names]
    yield "sss", _claimed(row, "sss"), float(np.mean(means)), float(np.mean(tolerances))
    for name, mean, tolerance in zip(names, means, tolerances, strict=True):
        yield name, _claimed(row, name), mean, tolerance


def _claimed(row: TaskRow, metric: str) -> float | None:
    try:
        return row.mean(metric)
    except KeyError:
        return None


def _rounding(row: TaskRow, name: str) -> float:
    """Return how far rounding to float16 moves a mean, at most."""
    return HALF_PRECISION * float(np.abs(row.sample_mean(name)).mean()) + ROUNDING
