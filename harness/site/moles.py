"""The moles: how far a method's reliance on every channel differs from ERM's, in channels it knows of and others."""

from collections.abc import Sequence
from dataclasses import dataclass

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.suite import Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.baseline_rows import is_baseline_row
from spurgen.harness.board.channel_changes import Change, reliance_changes
from spurgen.harness.board.schema import TaskBoardRow
from spurgen.harness.machine.printing import and_list, signed
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import shown

LEAST_CHANNELS = 3
STRONG = 0.1  # change of reliance at which a cell has its full colour


@dataclass(frozen=True)
class Mole:
    """A change of reliance; `sure`: it is significant. `told`: the method was given the channel's groups."""

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
    methods: Sequence[tuple[str, str, dict[str, Mole]]]


def moles(material: Material) -> list[Moles]:
    """Return the changes on every task with hidden channels, or else on the task with the most channels."""
    tasks = [task for task in material.tasks.values() if len(task.channels) >= LEAST_CHANNELS]
    hidden = [task for task in tasks if len(task.annotated) < len(task.channels)]
    chosen = hidden or sorted(tasks, key=lambda task: -len(task.channels))[:1]
    return [found for task in chosen if (found := on_task(material, task))]


def fed(found: Moles) -> list[str]:
    """Return a sentence per set of hidden channels on which methods rely significantly more than ERM."""
    by_channels: dict[tuple[str, ...], list[str]] = {}
    for name, _, changes in found.methods:
        rising = tuple(each for each in found.hidden if changes[each].sure and changes[each].value > 0)
        if rising:
            by_channels.setdefault(rising, []).append(name)
    return [
        f"Rel{'y' if len(names) > 1 else 'ies'} significantly more than ERM on {and_list(list(channels))}, which "
        f"{'are' if len(channels) > 1 else 'is'} hidden: {', '.join(names)}."
        for channels, names in by_channels.items()
    ]


def on_task(material: Material, task: Task) -> Moles | None:
    """Return the changes on a task, None if ERM or every other row is missing."""
    board = material.board.tasks[task.name]
    rows = {row.submission: row for row in (*board.rows, *board.few)}  # as in the validity report
    results = {label: material.rows[label][task.name] for label in rows}
    by_channel = {name: material.values[task.name].by_label(results, f"reliance/{name}") for name in task.channels}
    known = {name: values for name, values in by_channel.items() if ERM in values}
    changes = reliance_changes(known, [label for label, row in results.items() if is_baseline_row(row)])
    if not changes:
        return None
    methods = [
        (shown(label), rows[label].access, {name: _cell(task, name, each, rows[label]) for name, each in row.items()})
        for label, row in changes.items()
    ]
    means = {name: float(values[ERM].mean()) for name, values in known.items()}
    return Moles(task.name, list(known), [name for name in known if name not in task.annotated], means, methods)


def _cell(task: Task, channel: str, change: Change, row: TaskBoardRow) -> Mole:
    grant = ACCESS.get(row.access)
    told = bool(grant and (grant.val_groups or grant.train_groups)) and channel in task.annotated
    return Mole(change.change, change.significant, told)
