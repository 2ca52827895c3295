"""Series of tasks that differ in the strength of their correlations alone."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from spurgen.benchmark.task import Task
from spurgen.harness.machine.printing import and_list
from spurgen.harness.metrics.arrays import Float64

OWN = ("name", "seed")  # fields of a scenario in which the tasks of a series may differ, besides strengths


class Series(NamedTuple):
    """Names of a series' tasks and their strengths, ascending; `name`: in what it differs from the other series."""

    name: str
    tasks: list[str]
    strengths: list[float]


def find_series(tasks: Mapping[str, Task]) -> list[Series]:
    """Group tasks that differ in strength alone, and name each group by the fields in which the groups differ."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, task in tasks.items():
        groups.setdefault(tuple(sorted(_rest(task).items())), []).append(name)
    series = []
    for rest, names in groups.items():
        ordered = sorted(names, key=lambda name: (mean_strength(tasks[name]), name))
        shared = [set(rest) for rest in groups]
        unlike = [f"{field} {value}" for field, value in rest if (field, value) not in set.intersection(*shared)]
        series.append(Series(", ".join(unlike), ordered, [mean_strength(tasks[name]) for name in ordered]))
    return series


def mean_strength(task: Task) -> float:
    """Return the mean strength over the channels that the modality carries and, by weight, over environments."""
    scenario = task.scenario
    strengths = {name: scenario.channels[name].strength for name in task.channels}
    parts = [(e.weight, {n: e.strength.get(n, own) for n, own in strengths.items()}) for e in scenario.environments]
    of_parts = parts or [(1.0, strengths)]
    means = [np.mean([np.mean(strength) for strength in part.values()]) for _, part in of_parts]
    return round(float(np.average(means, weights=[weight for weight, _ in of_parts])), 6)


def _rest(task: Task) -> dict[str, str]:
    """Return what a task is beside its strengths, as text by dotted field."""
    fields = task.scenario.model_dump(mode="json", exclude=set(OWN))
    for part in (*fields["channels"].values(), *fields["environments"]):
        del part["strength"]
    return _flat({**fields, "modality": task.modality, "backbone": task.backbone})


def _flat(value: Any, path: str = "") -> dict[str, str]:  # noqa: ANN401 (any JSON)
    if isinstance(value, dict):
        inner = [_flat(each, f"{path}.{key}" if path else str(key)) for key, each in value.items()]
        return {key: text for part in inner for key, text in part.items()}
    return {path: and_list([str(each) for each in value]) if isinstance(value, list) and value else str(value)}


def crossing(strengths: Sequence[float], differences: Float64) -> float | None:
    """Return where a difference rises through 0, by linear interpolation, or None if it does not between the strengths.

    `differences`: float64 (D,), at the ascending `strengths`.
    """
    below, above = differences[:-1] <= 0, differences[1:] > 0
    steps = np.flatnonzero(below & above)
    if not len(steps):
        return None
    step = int(steps[0])
    low, high = differences[step], differences[step + 1]
    return float(strengths[step] - low / (high - low) * (strengths[step + 1] - strengths[step]))
