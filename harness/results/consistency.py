"""Whether a cell's figures follow from the samples that it keeps: a figure is only as good as its evidence."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import MetricError
from spurgen.benchmark.result import Cell, PackedArray, unpack
from spurgen.benchmark.suite import Task

KEPT = {"sss_placebo": "placebo", "ig": "ig", "core_sensitivity": "core", "cra": "cra", "flip_rate": "flip"}
"""Maps figures that are means over the base samples to what the cell keeps of each."""
ROUNDING = 1e-7  # of the smallest float16, and of sums


def contradiction(task: Task, groups: NDArray[np.int64], cell: Cell) -> str | None:
    """Says in what a cell's figures do not follow from its samples, beyond the rounding of packing, or None.

    `groups`: int64 (n,), the groups of the test samples.
    """
    try:
        samples = {name: kept.astype(np.float64) for name, kept in unpack_samples(task, cell).items()}
    except MetricError as error:
        return f"its samples cannot be used: {error}"
    hits = np.bincount(groups, samples["correct"])
    if hits.astype(int).tolist() != list(cell.groups):
        return "its counts per group do not follow from its samples"
    for name, told, found, tolerance in _figures(task, groups, cell, samples):
        if told is None:
            return f"it lacks the figure {name}"
        if abs(told - found) > tolerance:
            return f"its figures do not follow from its samples: {name} {told:.6g}, found {found:.6g}"
    return None


def unpack_samples(task: Task, cell: Cell) -> dict[str, NDArray[Any]]:
    """Unpacks what figures are made from: `correct`, bool (n,), and per base sample (m,) what `KEPT` and SSS need.

    Raises:
        MetricError: for what is missing, unreadable or of another size.
    """
    bases = task.scenario.splits.twins
    sizes = {"correct": task.scenario.num_test, **dict.fromkeys(KEPT.values(), bases)}
    sizes |= {f"sss/{channel}": bases for channel in task.channels}
    found = {}
    for name, size in sizes.items():
        packed = cell.samples.get(name, PackedArray(dtype="bool", size=0, data=""))
        if packed.size != size or (name == "correct" and packed.dtype != "bool"):
            what = f"{packed.size} of {packed.dtype}" if packed.size else "none"
            raise MetricError(f"{name}: found {what}, expected {size}; score the cell again")
        found[name] = unpack(packed)
    return found


def _figures(
    task: Task, groups: NDArray[np.int64], cell: Cell, samples: dict[str, NDArray[np.float64]]
) -> Iterator[tuple[str, float | None, float, float]]:
    """Yields figures: name, as told, as found, and what rounding explains."""
    correct = samples["correct"]
    yield "accuracy", cell.figures.get("accuracy"), float(correct.mean()), ROUNDING
    accuracies = np.bincount(groups, correct) / np.bincount(groups)
    yield "wga", cell.figures.get("wga"), float(accuracies.min()), ROUNDING
    yield from _by_pattern(task, accuracies, cell)
    for figure, kept in KEPT.items():
        yield figure, cell.figures.get(figure), float(samples[kept].mean()), _rounding(cell, samples, kept)
    channels = [f"sss/{channel}" for channel in task.channels]
    means = [float(samples[kept].mean()) for kept in channels]
    tolerances = [_rounding(cell, samples, kept) for kept in channels]
    yield "sss", cell.figures.get("sss"), float(np.mean(means)), float(np.mean(tolerances))
    for channel, mean, tolerance in zip(task.channels, means, tolerances, strict=True):
        yield f"sss of {channel}", cell.channels.get(channel, {}).get("sss"), mean, tolerance


def _by_pattern(
    task: Task, accuracies: NDArray[np.float64], cell: Cell
) -> Iterator[tuple[str, float | None, float, float]]:
    """Yields the accuracies by alignment, as `_figures` does, where a cell tells them; `accuracies`: of groups (G,)."""
    means = accuracies.reshape(task.scenario.num_classes, -1).mean(axis=0).tolist()
    letters = ["".join("ac"[k >> bit & 1] for bit in range(len(task.channels))) for k in range(len(means))]
    told = {f"accuracy of {name}": cell.patterns.get(name) for name in letters}
    told |= {name: cell.figures.get(name) for name in ("aligned_accuracy", "conflicting_accuracy")}
    for (name, value), mean in zip(told.items(), [*means, means[0], means[-1]], strict=True):
        if value is not None:
            yield name, value, mean, ROUNDING


def _rounding(cell: Cell, samples: dict[str, NDArray[np.float64]], kept: str) -> float:
    """Bounds how far packing moves a mean."""
    dtype = cell.samples[kept].dtype
    relative = 0.0 if dtype == "bool" else float(np.finfo(dtype).eps)
    return relative * float(np.abs(samples[kept]).mean()) + ROUNDING
