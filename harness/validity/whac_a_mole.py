"""Reducing the reliance on one shortcut may increase that on another (Li et al. 2023): per channel, against ERM."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.channel_changes import Change, reliance_changes
from spurgen.harness.machine.plotting import GREY
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.validity._panels import panels, whiskers
from spurgen.harness.validity._rows import RankedSuite, RankedTask
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import number, table, with_interval

PLACE = 7
TITLE = "Whac-a-mole: what curing one shortcut does to the others"


@dataclass(frozen=True)
class MethodChanges:
    """A method's change in every channel, and the channels on which it relies significantly more, or less."""

    channels: dict[str, Change]
    rises: list[str]
    falls: list[str]


@dataclass(frozen=True)
class TaskChanges:
    """ERM's reliance per channel, and every other method's changes."""

    erm: dict[str, float]
    methods: dict[str, MethodChanges]


@dataclass(frozen=True)
class WhacAMole(Section):
    """Changes of reliance on every task."""

    JUDGED: ClassVar[bool] = False
    tasks: dict[str, TaskChanges]

    @property
    def most_channels(self) -> tuple[str, TaskChanges]:
        """Name and changes of the task with the most channels."""
        return max(self.tasks.items(), key=lambda item: len(item[1].erm))

    def summary(self) -> str:
        """Return how often a method moves from one shortcut to another, on the task with the most channels."""
        if not self.tasks:
            return ""
        name, task = self.most_channels
        cured = [method for method in task.methods.values() if method.falls]
        moved = sum(bool(method.rises) for method in cured)
        rises = sum(bool(method.rises) for method in task.methods.values()) - moved
        return (
            f"Of {len(task.methods)} methods on {as_markdown(name)}, {len(cured)} rely significantly less than ERM on "
            f"some channel, {moved} of them more on another; {rises} only rely more."
        )

    def tables(self) -> str:
        """Return a table per task: ERM's reliance and every method's changes, a star on the significant ones."""
        parts = [
            "Reliance less ERM's, per channel; `*`: significant (moderated paired t-test over units; Holm over the "
            "task's methods and channels, 5 %). A mole is a channel on which a method relies significantly more than "
            "ERM while it relies less on another."
        ]
        for name, task in self.tasks.items():
            erm = {"Method": "erm (reliance)", **{c: number(value) for c, value in task.erm.items()}, "Mole": "-"}
            parts += [f"### {name}", table([erm, *(_line(label, method) for label, method in task.methods.items())])]
        return "\n\n".join(parts)

    def plot(self) -> Figure | None:
        """Draw the task with the most channels: a panel per channel, filled where the change is significant."""
        if not self.tasks:
            return None
        name, task = self.most_channels
        figure, axes = panels(len(task.erm), len(task.erm), 1.9, 1.0 + 0.18 * len(task.methods), sharey=True)
        for panel, channel in zip(axes, task.erm, strict=True):
            _draw(panel, channel, task)
        for panel in axes[1:]:
            panel.sharex(axes[0])  # one scale, by which channels can be compared
        axes[0].autoscale_view()
        axes[0].xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
        figure.suptitle(f"{name}: reliance less ERM's (filled: significant)", fontsize=8)
        return figure


def _line(label: str, method: MethodChanges) -> dict[str, str]:
    significant = {*method.rises, *method.falls}
    entries = {
        channel: with_interval(change.change, change.interval, "+.3f") + "*" * (channel in significant)
        for channel, change in method.channels.items()
    }
    return {"Method": label, **entries, "Mole": ", ".join(method.rises) if method.rises and method.falls else "-"}


def _draw(axes: Axes, channel: str, task: TaskChanges) -> None:
    changes = [(method.channels[channel], channel in method.rises + method.falls) for method in task.methods.values()]
    whiskers(axes, list(task.methods), [(change.change, change.interval, filled) for change, filled in changes])
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_title(f"{channel} (ERM {task.erm[channel]:.3f})", fontsize=8)


def examine(suite: RankedSuite) -> WhacAMole:
    """Compare every method with ERM, channel by channel."""
    tasks, missing = {}, {}
    for name, task in suite.tasks.items():
        known = {f"reliance/{channel}" for channel in task.task.channels}
        rows = [label for label in task.rows if all(task.has(label, metric) for metric in known)]
        if ERM in rows and len(rows) > 1:
            tasks[name] = _changes(task, rows)
        elif ERM in task.rows:
            missing[name] = f"no ranked row beside {ERM}" if ERM in rows else f"no reliance by channel of {ERM}"
        else:
            missing[name] = task.reason(ERM)
    return WhacAMole(None, suite.missing(missing), tasks)


def _changes(task: RankedTask, labels: Sequence[str]) -> TaskChanges:
    channels = task.task.channels
    values = {channel: {label: task.units(label, f"reliance/{channel}") for label in labels} for channel in channels}
    return TaskChanges(
        {channel: float(rows[ERM].mean()) for channel, rows in values.items()},
        {label: _of_method(changes) for label, changes in reliance_changes(values, labels).items()},
    )


def _of_method(changes: dict[str, Change]) -> MethodChanges:
    significant = {channel: each.change for channel, each in changes.items() if each.significant}
    return MethodChanges(
        changes,
        [channel for channel, change in significant.items() if change > 0],
        [channel for channel, change in significant.items() if change < 0],
    )
