"""Check that a row's metrics follow from its samples."""

from collections.abc import Iterable

import numpy as np

from spurgen.benchmark.task import Rung, Task
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.results.answered import GROUPED, Answered, answered, answered_on_task, scored_parts
from spurgen.harness.results.rows import PREDICTED, TaskRow, num_columns

HALF_PRECISION = 2.0**-10  # relative error of float16, to which sample arrays are rounded
ROUNDING = 1e-7  # absolute error of the smallest float16, of sums, and of metrics written as text
Claim = tuple[str, float | None, float, float]
"""A metric's name, its value in the row, its value computed from the samples, and the tolerance for rounding."""


def contradiction(task: Task, groups: Int64, row: TaskRow) -> str | None:
    """Return how a row's metrics contradict its samples, or None if they differ by rounding at most.

    `groups`: int64 (n,), the groups of the test samples. The row must not contain failed results.
    """
    problem = _misfit(task, row)
    if problem:
        return f"its samples cannot be used: {problem}"
    for place, result in enumerate(row.results):
        found = _answered(task.in_world(result.seed), groups, row, place)
        if found.counts.correct.tolist() != list(result.groups) or (found.correct != row.correct[place]).any():
            return f"its counts per group do not follow from its predicted classes (seed {result.seed})"
        claims = [(name, result.metrics.get(name), value, ROUNDING) for name, value in found.metrics.items()]
        for name, value in found.follows.items():
            claims.append((f"follows/{name}", result.channels.get(name, {}).get("follows"), value, ROUNDING))
        problem = _first_wrong(claims)
        if problem:
            return f"{problem} (seed {result.seed})"
    means = {name: float(row.sample_mean(name).mean()) for name in _sample_arrays(task)}
    mean = float(np.mean([means[f"sss/{name}"] for name in task.channels]))
    given = [(name, _claimed(row, name), mean, _rounding(row, name)) for name, mean in means.items()]
    return _first_wrong([*given, ("sss", _claimed(row, "sss"), mean, 2 * HALF_PRECISION)])


def _answered(world: Task, groups: Int64, row: TaskRow, place: int) -> Answered:
    """Return what follows from the predicted classes of the result at index `place`, in its world.

    Outside ladders only the first test samples have stored classes; of the others it is known whether they are right.
    """
    predicted = row.predicted[place].astype(np.int64)
    if isinstance(world, Rung):
        return answered(world, predicted[0])
    correct = row.correct[place].copy()
    correct[: len(predicted)] = predicted[:, 0] == groups[: len(predicted)] >> len(world.channels)
    return answered_on_task(world, correct, groups, predicted)


def _sample_arrays(task: Task) -> list[str]:
    return ["ig", *(f"sss/{name}" for name in task.channels)]


def _misfit(task: Task, row: TaskRow) -> str | None:
    """Return which sample array is missing or has the wrong size, or None."""
    if isinstance(task, Rung):
        sizes = scored_parts(task)
        tests, predicted = sum(sizes[part] for part in GROUPED), (1, sum(sizes.values()))
        bases = task.num_classes * task.ladder.twins_per_class
    else:
        tests, bases = task.scenario.num_test, task.scenario.splits.twins
        predicted = bases, num_columns(task)
    for name, shape, expected in (
        ("correct", row.correct.shape, (len(row), tests)),
        (PREDICTED, row.predicted.shape, (len(row), *predicted)),
    ):
        if shape != expected:
            return f"{name} has shape {shape}, expected {expected}"
    if row.predicted.max() >= task.num_classes:
        return f"its predicted classes go up to {row.predicted.max()}, expected below {task.num_classes}"
    for name in _sample_arrays(task):
        if len(row.sums.get(name, ())) != bases:
            return f"{name} has {len(row.sums.get(name, ()))} values, expected {bases}"
    return None


def _first_wrong(claims: Iterable[Claim]) -> str | None:
    for name, claimed, actual, tolerance in claims:
        if claimed is None:
            return f"it lacks the metric {name}"
        if abs(claimed - actual) > tolerance:
            return f"its metrics do not follow from its samples: {name} {claimed:.6g}, expected {actual:.6g}"
    return None


def _claimed(row: TaskRow, metric: str) -> float | None:
    try:
        return row.mean(metric)
    except KeyError:
        return None


def _rounding(row: TaskRow, name: str) -> float:
    """Return the largest change of a mean that rounding to float16 can cause."""
    return HALF_PRECISION * float(np.abs(row.sample_mean(name)).mean()) + ROUNDING
