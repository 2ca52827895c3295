"""The metrics that follow from the predicted classes, and the check that a stored row's do.

They are most of all metrics, so anybody can recompute them.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Int64, Modality
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import Description
from spurgen.generators.world import Samples, world_of
from spurgen.harness import metrics
from spurgen.harness.results.rows import PREDICTED, TaskRow

HALF_PRECISION = 2.0**-10  # relative error of float16, to which sample arrays are rounded
ROUNDING = 1e-7  # absolute error of the smallest float16, of sums, and of metrics written as text
Claim = tuple[str, float | None, float, float]
"""A metric's name, its value in the row, its value computed from the samples, and the tolerance for rounding."""


class Answered(NamedTuple):
    """Metrics of the task, how often answers follow each shortcut, and which answers to grouped samples are right."""

    metrics: dict[str, float]
    follows: dict[str, float]
    counts: metrics.GroupCounts
    correct: NDArray[np.bool_]


def answered(task: Task, predicted: Int64) -> Answered:
    """Compute everything that follows from the predicted classes of the asked parts, int64 (n,), in one world."""
    key = _key(task.scenario, task.modality)
    hits = predicted[key.place] == key.expected
    found = metrics.GroupCounts(np.add.reduceat(hits.astype(np.int64), key.starts), key.sizes)
    counts = metrics.GroupCounts(*(each[: key.num_groups] for each in found))
    means = {name: float(found.accuracies[cells].mean()) for name, cells in key.cells.items()}
    switched = task.scenario.layout(task.modality).switched
    follows = {name: means.pop(f"follows/{name}") for name in switched}
    correct = np.empty(len(key.grouped), bool)
    correct[key.grouped] = hits[: len(key.grouped)]
    values = {
        "accuracy": float(np.count_nonzero(correct) / len(correct)),
        "robust_accuracy": min(value for name, value in means.items() if name.startswith("accuracy_")),
        **means,
        "wga": counts.worst,
    }
    if follows:
        values["follows"] = means.get("follows", max(follows.values()))
    if key.exchanged is not None:
        changed = hits[key.exchanged]
        values["uses_thing"] = float(np.count_nonzero(correct[: len(changed)] & changed) / len(changed))
    return Answered(values, follows, counts, correct)


class _Key(NamedTuple):
    """The class `expected` at each `place` among a world's stored predictions, int64 (t,) each, cell by cell.

    Cells are first the `num_groups` groups; then the classes of each further part; then, for all shortcuts and for
    each, the samples that show a value of another class, with that class expected; last the exchanged samples.
    `starts`: where each cell begins, `sizes`: its samples, int64 (C,). A value that goes with two classes makes two
    entries of one sample. `cells`: by metric, the cells over which accuracy is averaged. `grouped`: the index in
    the grouped parts of each of the first entries. `exchanged`: the entries of exchanged samples, in their order.
    """

    place: Int64
    expected: Int64
    starts: Int64
    sizes: Int64
    num_groups: int
    cells: dict[str, Int64]
    grouped: Int64
    exchanged: Int64 | None


@lru_cache(maxsize=512)
def _key(description: Description, modality: Modality) -> _Key:
    world, layout, sizes = world_of(description), description.layout(modality), description.asked(modality)
    channels, count = description.channels_in(modality), description.num_classes
    groups = description.num_groups(channels)
    patterns = groups // description.measured
    starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
    entries: list[tuple[Int64, Int64, Int64]] = []  # place, expected, cell
    cells = {
        "accuracy_agree": np.arange(0, groups, patterns),
        "accuracy_mislead": np.arange(patterns - 1, groups, patterns),
    }
    end = groups

    def add(part: str, rows: Int64, expected: Int64, cell: Int64) -> None:
        entries.append((starts[part] + rows, expected, cell))

    for part in layout.grouped:
        made = world.factors(part)
        add(part, np.arange(sizes[part]), made.labels, world.groups(channels, made))
    for name, part in layout.averaged.items():
        labels = world.factors(part).labels
        add(part, np.arange(sizes[part]), labels, end + labels)
        cells[name], end = np.arange(end, end + count), end + count
    followed = {f"follows/{name}": (part, name) for name, part in layout.switched.items()}
    if layout.rivals is not None:
        followed = {"follows": (layout.rivals, channels[0])} | followed
    for name, (part, channel) in followed.items():
        rows, rivals = _rivals(world.factors(part), channel, world.goes[channel])
        add(part, rows, rivals, np.full(len(rows), end))
        cells[name], end = np.array([end]), end + 1
    if layout.exchanged is not None:
        labels = world.factors(layout.exchanged).labels
        add(layout.exchanged, np.arange(sizes[layout.exchanged]), labels, np.full(len(labels), end))
        end += 1
    place, expected, cell = (np.concatenate(column) for column in zip(*entries, strict=True))
    order = cell.argsort(kind="stable")
    entries_of = metrics.count_groups(np.ones(len(order), bool), cell, end).sizes  # raises for an empty cell
    of_sample = np.unique(cell * sum(sizes.values()) + place) // sum(sizes.values())
    in_groups = order[: int(entries_of[:groups].sum())]
    return _Key(
        place[order], expected[order], entries_of.cumsum() - entries_of, np.bincount(of_sample), groups, cells,
        in_groups, None if layout.exchanged is None else len(order) - entries_of[-1] + np.arange(entries_of[-1]),
    )  # fmt: skip


def _rivals(samples: Samples, channel: str, goes: NDArray[np.bool_]) -> tuple[Int64, Int64]:
    """Return the samples in which a shortcut's value goes with other classes than the label, and each such class."""
    table = goes[samples.channel_values[channel]]
    rows, rivals = (table & ~table[np.arange(len(table)), samples.labels][:, None]).nonzero()
    return rows, rivals


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
