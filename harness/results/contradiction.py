"""Check that a row's metrics follow from its samples."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from spurgen.benchmark.result import Result, pattern_letters
from spurgen.benchmark.task import Rung, Task
from spurgen.harness import metrics
from spurgen.harness.metrics.arrays import Int64
from spurgen.harness.results.answered import answered, cut, scored_parts
from spurgen.harness.results.derived import oracle_pulls
from spurgen.harness.results.predicted import PREDICTED, families_of
from spurgen.harness.results.rows import TaskRow

BASE_METRICS = {"sss_placebo": "placebo", "ig": "ig", "core_sensitivity": "core", "cra": "cra", "flip_rate": "flip"}
"""Metrics that are means over base samples, and the sample array that each is the mean of."""
LATER = ("core_use",)
"""Metrics with sample arrays of their own names."""
HALF_PRECISION = 2.0**-10  # relative error of float16, to which sample arrays are rounded
ROUNDING = 1e-7  # absolute error of the smallest float16, of sums, and of metrics written as text
Claim = tuple[str, float | None, float, float]
"""A metric's name, its value in the row, its value computed from the samples, and the tolerance for rounding."""


def contradiction(task: Task, groups: Int64, row: TaskRow) -> str | None:
    """Return how a row's metrics contradict its samples, or None if they differ by rounding at most.

    `groups`: int64 (n,), the groups of the test samples. The row must not contain failed results.
    """
    if isinstance(task, Rung):
        return _of_rung(task, row)
    problem = _misfit(task, row)
    if problem:
        return f"its samples cannot be used: {problem}"
    for result, correct in zip(row.results, row.correct, strict=True):
        counts = metrics.count_groups(correct, groups)
        if counts.correct.tolist() != list(result.groups):
            return f"its counts per group do not follow from its samples (seed {result.seed})"
        strange = result.patterns.keys() - set(_patterns(task))
        if strange:
            return f"its task has no alignment pattern {min(strange)!r} (seed {result.seed})"
        claims = chain(_of_groups(task, counts, float(correct.mean()), result), _of_pulls(task, result))
        problem = _first_wrong(claims)
        if problem:
            return f"{problem} (seed {result.seed})"
    return _of_predicted(task, groups, row) or _first_wrong(_of_base_samples(task, row))


def _of_rung(task: Rung, row: TaskRow) -> str | None:
    """Return how a row on a rung contradicts its predicted classes and its samples."""
    expected = (len(row), 1, sum(scored_parts(task).values()))
    if row.predicted.shape != expected:
        return f"its samples cannot be used: {PREDICTED} has shape {row.predicted.shape}, expected {expected}"
    if row.predicted.max() >= task.num_classes:
        return f"its predicted classes go up to {row.predicted.max()}, expected below {task.num_classes}"
    bases = dict.fromkeys(("ig", *_of_channels(task, "sss")), task.num_classes * task.ladder.twins_per_class)
    for name, size in bases.items():
        if len(row.sums.get(name, ())) != size:
            return f"its samples cannot be used: {name} has {len(row.sums.get(name, ()))} values, expected {size}"
    for result, correct, predicted in zip(row.results, row.correct, row.predicted, strict=True):
        world = task.in_world(result.seed)
        assert isinstance(world, Rung)
        found = answered(world, cut(world, predicted[0].astype(np.int64)))
        if found.counts.correct.tolist() != list(result.groups) or (found.correct != correct).any():
            return f"its counts per group do not follow from its predicted classes (seed {result.seed})"
        claims = [(name, result.metrics.get(name), value, ROUNDING) for name, value in found.metrics.items()]
        for name, value in found.follows.items():
            claims.append((f"follows/{name}", result.channels.get(name, {}).get("follows"), value, ROUNDING))
        problem = _first_wrong(iter(claims))
        if problem:
            return f"{problem} (seed {result.seed})"
    means = {name: float(row.sample_mean(name).mean()) for name in bases}
    sss = [means[name] for name in _of_channels(task, "sss")]
    given = [(name, _claimed(row, name), mean, _rounding(row, name)) for name, mean in means.items()]
    return _first_wrong(iter([*given, ("sss", _claimed(row, "sss"), float(np.mean(sss)), 2 * HALF_PRECISION)]))


def _misfit(task: Task, row: TaskRow) -> str | None:
    """Return which sample array is missing or has the wrong size, or None."""
    expected = (len(row), task.scenario.num_test)
    if row.correct.shape != expected:
        return f"correct has shape {row.correct.shape}, expected {expected}"
    for name in (*BASE_METRICS.values(), *_of_channels(task, "sss"), *_later(task, row)):
        size = row.sums[name].shape[0] if name in row.sums else 0
        if size != task.scenario.splits.twins:
            return f"{name} has {size} values, expected {task.scenario.splits.twins}"
    shape = len(row), families_of(task), 1 + sum(task.scenario.channels[name].values for name in task.channels)
    if row.predicted.size and row.predicted.shape != shape:
        return f"{PREDICTED} has shape {row.predicted.shape}, expected {shape}"
    return None


def _of_predicted(task: Task, groups: Int64, row: TaskRow) -> str | None:
    """Return how the predicted classes contradict the samples; older rows have none."""
    if not row.predicted.size:
        return None
    if row.predicted.max() >= task.scenario.num_classes:
        return f"its predicted classes go up to {row.predicted.max()}, expected below {task.scenario.num_classes}"
    count = families_of(task)
    right = row.predicted == (groups[:count] >> len(task.channels))[:, None]
    if (right[:, :, 0] != row.correct[:, :count]).any():
        return "its predicted classes contradict its correct predictions"
    if (right.all(axis=2).sum(axis=0) != row.sums["cra"][:count]).any():
        return "its predicted classes contradict the families that it answers right as a whole"
    return None


def _of_channels(task: Task, metric: str) -> list[str]:
    """Return the names that a metric of each channel has."""
    return [f"{metric}/{channel}" for channel in task.channels]


def _later(task: Task, row: TaskRow) -> list[str]:
    """Return the names of the sample arrays of pulls and core uses."""
    return [*_of_channels(task, "pull"), *(name for name in LATER if name in row.results[0].metrics)]


def _first_wrong(claims: Iterator[Claim]) -> str | None:
    for name, claimed, actual, tolerance in claims:
        if claimed is None:
            return f"it lacks the metric {name}"
        if abs(claimed - actual) > tolerance:
            return f"its metrics do not follow from its samples: {name} {claimed:.6g}, expected {actual:.6g}"
    return None


def _of_groups(task: Task, counts: metrics.GroupCounts, accuracy: float, result: Result) -> Iterator[Claim]:
    """Yield the metrics that follow from the counts per group."""
    yield "accuracy", result.metrics.get("accuracy"), accuracy, ROUNDING
    yield "wga", result.metrics.get("wga"), counts.worst, ROUNDING
    means = metrics.pattern_accuracies(counts.accuracies, task.scenario.num_classes).tolist()
    for name, mean in zip(_patterns(task), means, strict=True):
        yield f"accuracy of {name}", result.patterns.get(name), mean, ROUNDING
    summaries = {"aligned_accuracy": means[0], "conflicting_accuracy": means[-1], "robust_accuracy": min(means)}
    for name, mean in summaries.items():
        yield name, result.metrics.get(name), mean, ROUNDING


def _patterns(task: Task) -> list[str]:
    """Return the names of a task's alignment patterns, in the order of `pattern_accuracies`."""
    return [pattern_letters(k, len(task.channels)) for k in range(2 ** len(task.channels))]


def _of_pulls(task: Task, result: Result) -> Iterator[Claim]:
    """Yield the reliances, which follow from the pulls of all channels."""
    oracles = oracle_pulls(task.in_world(result.seed).scenario)
    rows = {channel: result.channels.get(channel, {}) for channel in task.channels}
    reliances = {channel: row.get("pull", np.inf) / oracles[channel] for channel, row in rows.items()}
    for channel, row in rows.items():
        yield f"reliance/{channel}", row.get("reliance"), reliances[channel], ROUNDING
    yield "reliance", result.metrics.get("reliance"), max(reliances.values()), ROUNDING


def _of_base_samples(task: Task, row: TaskRow) -> Iterator[Claim]:
    """Yield the metrics that follow from the base samples, as means over all seeds."""
    for metric, name in BASE_METRICS.items():
        yield metric, _claimed(row, metric), float(row.sample_mean(name).mean()), _rounding(row, name)
    for name in _later(task, row):
        yield name, _claimed(row, name), float(row.sample_mean(name).mean()), _rounding(row, name)
    names = _of_channels(task, "sss")
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
    """Return the largest change of a mean that rounding to float16 can cause."""
    return HALF_PRECISION * float(np.abs(row.sample_mean(name)).mean()) + ROUNDING
