"""A row's metrics by unit: by world where the task has several, by training seed where it has one."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from spurgen.benchmark.task import Task
from spurgen.generators.world import world_of
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.columns import CHANNEL, COLUMNS, Line
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.estimate import end_columns
from spurgen.harness.statistics.units import ANY, Spread, fit_spread, mean_estimates

Unit = Literal["world", "seed"]
RANKED_BY = "robust_accuracy"
ENDS = {key: column.ends for key, column in COLUMNS.items() if column.ends}
"""The lowest and highest value of every metric that has an interval."""


def unit_of(task: Task) -> Unit:
    """Return whether a result of a task stands for a world or for a training seed."""
    return "world" if task.scenario.worlds > 1 else "seed"


def groups_on_test(task: Task) -> Int64:
    """Return the groups of a task's test samples, int64 (n,): class times 2 ** channels, plus pattern.

    They are the same in every world, since test is balanced by design. On a rung a group is class times 2, plus whether
    shortcuts mislead.
    """
    scenario = task.in_world(0).scenario
    world, parts = world_of(scenario), scenario.layout(task.modality).grouped
    return np.concatenate([world.groups(task.channels, world.factors(part)) for part in parts])


def state_sizes(task: Task) -> dict[str, int]:
    """Return the number of test samples of each accuracy where shortcuts agree, mislead or are neutral, by metric."""
    agree, mislead = group_sizes(task).reshape(task.num_classes, -1).sum(axis=0)[[0, -1]].tolist()
    parts = task.scenario.layout(task.modality).averaged
    further = {name: task.scenario.parts[part] for name, part in parts.items() if name.startswith("accuracy_")}
    return {"accuracy_agree": agree, "accuracy_mislead": mislead, **further}


def group_sizes(task: Task) -> Int64:
    """Return the number of a task's test samples in every group, int64 (G,)."""
    return np.bincount(groups_on_test(task), minlength=task.num_groups)


def by_unit(row: TaskRow, metric: str) -> Float64 | None:
    """Return a row's metric by unit, float64 (W,), or None where a result lacks it.

    `metric`: a name of `Result.metric`; `contradiction` checks it against the stored answers.
    """
    try:
        return np.array([round(result.metric(metric), 12) for result in row.results])
    except KeyError:
        return None


def by_label(rows: Mapping[str, TaskRow], metric: str) -> dict[str, Float64]:
    """Return a metric by unit of every row that has it."""
    values = {label: by_unit(row, metric) for label, row in rows.items()}
    return {label: each for label, each in values.items() if each is not None}


def spread_of(metric: str, values: Mapping[str, Float64], baselines: Collection[str]) -> Spread:
    """Fit a metric's spread to the baselines' rows, in the order of their names; `values` by label, float64 (W,)."""
    kind = metric.partition("/")[0]
    known = [values[label] for label in sorted(baselines) if label in values]
    return fit_spread(known, ENDS.get(kind, ANY))


def with_channel_intervals(task: Task, rows: Mapping[str, TaskRow], lines: Sequence[Line]) -> list[Line]:
    """Add to lines of a task's frame the intervals of how often answers follow each channel."""
    shown = {line["submission"]: rows[line["submission"]] for line in lines if not line.get("reason")}
    baselines = [label for label, row in shown.items() if is_baseline_row(row)]
    more: dict[str, dict[str, Any]] = {label: {} for label in shown}
    for channel in task.channels:
        of_rows = by_label(shown, f"follows/{channel}")
        for label, point in mean_estimates(of_rows, spread_of("follows", of_rows, baselines)).items():
            if point.low is not None:
                more[label] |= end_columns(f"{CHANNEL}{channel}", (point.low, point.high))
    return [{**line, **more.get(line["submission"], {})} for line in lines]
