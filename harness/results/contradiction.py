"""Check that a row's metrics follow from its samples."""

from collections.abc import Iterable

import numpy as np

from spurgen.benchmark.task import Task
from spurgen.harness.results.answered import PREDICTED, answered
from spurgen.harness.results.rows import TaskRow

HALF_PRECISION = 2.0**-10  # relative error of float16, to which sample arrays are rounded
ROUNDING = 1e-7  # absolute error of the smallest float16, of sums, and of metrics written as text
Claim = tuple[str, float | None, float, float]
"""A metric's name, its value in the row, its value computed from the samples, and the tolerance for rounding."""


def contradiction(task: Task, row: TaskRow) -> str | None:
    """Return how a row's metrics contradict its samples, or None if they differ by rounding at most.

    The row must not contain failed results.
    """
    problem = _misfit(task, row)
    if problem:
        return f"its samples cannot be used: {problem}"
    for place, result in enumerate(row.results):
        found = answered(task.in_world(result.seed), row.predicted[place][0].astype(np.int64))
        if found.counts.correct.tolist() != list(result.groups) or (found.correct != row.correct[place]).any():
            return f"its counts per group do not follow from its predicted classes (seed {result.seed})"
        claims = [(name, result.metrics.get(name), value, ROUNDING) for name, value in found.metrics.items()]
        for name, value in found.follows.items():
            claims.append((f"follows/{name}", result.channels.get(name, {}).get("follows"), value, ROUNDING))
        problem = _first_wrong(claims)
        if problem:
            return f"{problem} (seed {result.seed})"
    means = {name: float(row.sample_mean(name).mean()) for name in _sample_arrays(task)}
    given = [(name, _claimed(row, name), mean, _rounding(row, name)) for name, mean in means.items()]
    if sensitivities := [mean for name, mean in means.items() if name.startswith("sss/")]:
        given.append(("sss", _claimed(row, "sss"), float(np.mean(sensitivities)), 2 * HALF_PRECISION))
    return _first_wrong(given)


def _sample_arrays(task: Task) -> dict[str, int]:
    """Return the sizes of the arrays of samples that a row must have, by name."""
    layout = task.scenario.layout(task.modality)
    names = [] if layout.free is None else ["ig", *(f"sss/{name}" for name in layout.switched)]
    return {name: task.scenario.parts[str(layout.free)] for name in names}


def _misfit(task: Task, row: TaskRow) -> str | None:
    """Return which sample array is missing or has the wrong size, or None."""
    sizes, grouped = task.scenario.asked(task.modality), task.scenario.layout(task.modality).grouped
    for name, shape, expected in (
        ("correct", row.correct.shape, (len(row), sum(sizes[part] for part in grouped))),
        (PREDICTED, row.predicted.shape, (len(row), 1, sum(sizes.values()))),
    ):
        if shape != expected:
            return f"{name} has shape {shape}, expected {expected}"
    if row.predicted.max() >= task.num_classes:
        return f"its predicted classes go up to {row.predicted.max()}, expected below {task.num_classes}"
    for name, size in _sample_arrays(task).items():
        if len(row.sums.get(name, ())) != size:
            return f"{name} has {len(row.sums.get(name, ()))} values, expected {size}"
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
