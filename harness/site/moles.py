"""The moles: how far a method's reliance on every channel differs from ERM's, in channels it knows of and others."""

from collections.abc import Sequence
from dataclasses import dataclass

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.suite import Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.by_unit import spread_of
from spurgen.harness.board.schema import TaskBoardRow
from spurgen.harness.machine.printing import signed
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import shown
from spurgen.harness.statistics.units import cut_to_common, paired

LEAST_CHANNELS = 3
STRONG = 0.1  # change of reliance at which a cell has its full colour


@dataclass(frozen=True)
class Change:
    """A change of reliance; `sure`: its 95 % interval excludes 0. `told`: the method was given the channel's groups."""

    value: float
    sure: bool
    told: bool

    @property
    def text(self) -> str:
        """The number with its sign."""
        return signed(self.value, "+.3f")

    @property
    def shade(self) -> str:
        """Class of its colour: up or down, in three strengths."""
        strength = min(int(abs(self.value) / STRONG * 3), 2)
        return f"{'up' if self.value > 0 else 'down'}-{strength}" if self.sure else "unsure"


@dataclass(frozen=True)
class Moles:
    """A task's changes: per method, by channel."""

    task: str
    channels: Sequence[str]
    hidden: Sequence[str]
    erm: dict[str, float]
    methods: Sequence[tuple[str, str, dict[str, Change]]]


def moles(material: Material) -> list[Moles]:
    """Return the changes on every task with hidden channels, or else on the task with the most channels."""
    tasks = [task for task in material.tasks.values() if len(task.channels) >= LEAST_CHANNELS]
    hidden = [task for task in tasks if len(task.annotated) < len(task.channels)]
    chosen = hidden or sorted(tasks, key=lambda task: -len(task.channels))[:1]
    return [found for task in chosen if (found := _on_task(material, task))]


def _on_task(material: Material, task: Task) -> Moles | None:
    board = material.board.tasks[task.name]
    rows = {row.submission: row for row in board.rows}
    if ERM not in rows or len(rows) < 2:
        return None
    values = {channel: _values(material, task, channel, list(rows)) for channel in task.channels}
    known = [channel for channel, of_rows in values.items() if ERM in of_rows]
    methods = [
        (shown(label), row.access, {name: _change(material, task, name, values[name], row) for name in known})
        for label, row in rows.items()
        if label != ERM and all(label in values[name] for name in known)
    ]
    means = {name: float(values[name][ERM].mean()) for name in known}
    hidden = [name for name in known if name not in task.annotated]
    return Moles(task.name, known, hidden, means, methods)


def _values(material: Material, task: Task, channel: str, labels: Sequence[str]) -> dict[str, Float64]:
    rows = {label: material.rows[label][task.name] for label in labels}
    return material.values[task.name].by_label(rows, f"reliance/{channel}")


def _change(material: Material, task: Task, channel: str, values: dict[str, Float64], row: TaskBoardRow) -> Change:
    baselines = [label for label in values if is_baseline_row(material.rows[label][task.name])]
    spread = spread_of(f"reliance/{channel}", values, baselines)
    ours, its = cut_to_common(values[row.submission], values[ERM])
    test = paired(values[row.submission], values[ERM], spread)
    grant = ACCESS.get(row.access)
    told = bool(grant and (grant.val_groups or grant.train_groups)) and channel in task.annotated
    return Change(float((ours - its).mean()), test is not None and test.p < 0.05, told)
