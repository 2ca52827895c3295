"""Reducing the reliance on one shortcut may increase that on another (Li et al. 2023): SSS per channel against ERM."""

from dataclasses import dataclass
from typing import ClassVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.rendering import as_text
from spurgen.harness.machine.plotting import GREY
from spurgen.harness.statistics.differences import ALPHA, holm
from spurgen.harness.statistics.units import cut_to_common
from spurgen.harness.validity._panels import panels, whiskers
from spurgen.harness.validity._rows import RankedSuite, RankedTask
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import number, table, with_interval

PLACE = 7
TITLE = "Whac-a-mole: what curing one shortcut does to the others"


@dataclass(frozen=True)
class Change:
    """A method's SSS in a channel minus ERM's, on the units that both have.

    `p_holm` is corrected over the task's methods and channels. Where there is no test, the interval and the p-values
    are None.
    """

    change: float
    interval: tuple[float, float] | None
    p: float | None
    p_holm: float | None


@dataclass(frozen=True)
class MethodChanges:
    """A method's change in every channel, and the channels in which SSS rises, or falls, significantly."""

    channels: dict[str, Change]
    rises: list[str]
    falls: list[str]


@dataclass(frozen=True)
class TaskChanges:
    """ERM's SSS per channel, and every other method's changes."""

    erm: dict[str, float]
    methods: dict[str, MethodChanges]


@dataclass(frozen=True)
class WhacAMole(Section):
    """Changes of SSS on every task."""

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
            f"Of {len(task.methods)} methods on {as_text(name)}, {len(cured)} lean significantly less than ERM on "
            f"some channel, {moved} of them more on another; {rises} only lean more."
        )

    def tables(self) -> str:
        """Return a table per task: ERM's SSS and every method's changes, a star on the significant ones."""
        parts = [
            "SSS minus ERM's, per channel; `*`: significant (moderated paired t-test over units; Holm "
            "over the task's methods and channels, 5 %). A mole is a channel whose SSS rises "
            "significantly while another's falls."
        ]
        for name, task in self.tasks.items():
            erm = {"Method": "erm (SSS)", **{c: number(sss) for c, sss in task.erm.items()}, "Mole": "-"}
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
        figure.suptitle(f"{name}: change of SSS against ERM (filled: significant)", fontsize=8)
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
        if ERM in task.rows and len(task.rows) > 1:
            tasks[name] = _changes(task)
        else:
            missing[name] = f"no ranked row beside {ERM}" if ERM in task.rows else task.reason(ERM)
    return WhacAMole(None, suite.missing(missing), tasks)


def _changes(task: RankedTask) -> TaskChanges:
    channels, methods = task.task.channels, [label for label in task.rows if label != ERM]
    keys = [(label, channel) for label in methods for channel in channels]
    tests = [task.difference(label, ERM, f"sss/{channel}") for label, channel in keys]
    corrected = holm([None if test is None else test.p for test in tests])
    changes = {}
    for (label, channel), test, p_holm in zip(keys, tests, corrected, strict=True):
        ours, its = cut_to_common(task.units(label, f"sss/{channel}"), task.units(ERM, f"sss/{channel}"))
        change = float((ours - its).mean())
        changes[label, channel] = Change(change, test and test.interval, test and test.p, p_holm)
    return TaskChanges(
        {channel: float(task.units(ERM, f"sss/{channel}").mean()) for channel in channels},
        {label: _of_method({channel: changes[label, channel] for channel in channels}) for label in methods},
    )


def _of_method(changes: dict[str, Change]) -> MethodChanges:
    significant = {c: each.change for c, each in changes.items() if each.p_holm is not None and each.p_holm < ALPHA}
    return MethodChanges(
        changes,
        [channel for channel, change in significant.items() if change > 0],
        [channel for channel, change in significant.items() if change < 0],
    )
