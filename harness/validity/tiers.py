"""A benchmark that ranks methods must separate them: tiers of worst-group accuracy on every task."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spurgen.harness import statistics
from spurgen.harness.machine.plotting import GREY
from spurgen.harness.metrics.intervals import Interval
from spurgen.harness.validity._panels import panels, whiskers
from spurgen.harness.validity._rows import RankedSuite, RankedTask, all_passed, not_run
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import PASSED, by_task, number, with_note

PLACE = 2
TITLE = "Methods can be distinguished"
WANTED = 4  # tiers, on each main task


@dataclass(frozen=True)
class TaskTiers:
    """A task's tiers, `members` best first; a chain of rows that all differ significantly; and every row's WGA.

    `passed` is None on tasks that need not pass, and where a baseline has not been run.
    """

    rows: int
    tiers: int
    members: list[list[str]]
    chain: list[str]
    wga: dict[str, float]
    wga_interval: dict[str, Interval]
    passed: bool | None


@dataclass(frozen=True)
class Tiers(Section):
    """Tiers on every task that has two rows."""

    wanted: int
    main: list[str]
    tasks: dict[str, TaskTiers]

    def summary(self) -> str:
        """Return the number of tiers in a sentence."""
        counts = by_task(self.tasks, lambda task: f"{task.tiers} of {task.rows} rows", self.main)
        return f"Tiers: {counts}; {self.wanted} wanted." if counts else ""

    def tables(self) -> str:
        """Return how many tiers each task has, and their members."""
        lines = [
            {"Task": name, "Rows": task.rows, "Tiers": task.tiers,
             f"Passed (at least {WANTED})": PASSED[task.passed], "Rows that all differ": ", ".join(task.chain)}
            for name, task in self.tasks.items()
        ]  # fmt: skip
        members = [
            {"Task": name, "Tier": tier, "WGA": _span(task, labels), "Members, best first": ", ".join(labels)}
            for name, task in self.tasks.items()
            for tier, labels in enumerate(task.members, start=1)
        ]
        note = (
            "The number of tiers is the size of the largest set of rows that all differ significantly from one another "
            "(paired bootstrap over samples, with the variance over seeds added; Holm over all pairs, 5 %). No two "
            "rows of a tier differ significantly; each row is significantly below at least one row of the tier above, "
            "but not necessarily below all of them. Intervals are corrected for the bias of a minimum, so a point can "
            "lie at their lower end or below."
        )
        return with_note(note, lines, members)

    def plot(self) -> Figure | None:
        """Draw every row's WGA with its interval, a panel per task; the filling alternates between tiers."""
        if not self.tasks:
            return None
        figure, axes = panels(len(self.tasks), 3, 3.0, [0.9 + 0.16 * task.rows for task in self.tasks.values()])
        for panel, (name, task) in zip(axes, self.tasks.items(), strict=True):
            _draw(panel, name, task)
        return figure


def _span(task: TaskTiers, labels: Sequence[str]) -> str:
    wga = [task.wga[label] for label in labels]
    high, low = number(max(wga)), number(min(wga))
    return high if high == low else f"{high} to {low}"


def _draw(axes: Axes, name: str, task: TaskTiers) -> None:
    place = 0
    for tier, labels in enumerate(task.members):
        clear = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # of the row's line
        axes.text(1.04, place, f"tier {tier + 1}", fontsize=6, color=GREY, va="center", bbox=clear)
        place += len(labels)
        if place < task.rows:
            axes.axhline(place - 0.5, color=GREY, linewidth=0.6, linestyle="--")
    rows = [(label, tier % 2 == 0) for tier, labels in enumerate(task.members) for label in labels]
    points = [(task.wga[label], task.wga_interval[label], filled) for label, filled in rows]
    whiskers(axes, [label for label, _ in rows], points)
    axes.set_xlim(0, 1.18)
    axes.set_xticks([0, 0.5, 1])
    axes.set_title(name)
    axes.set_xlabel("worst-group accuracy")


def examine(suite: RankedSuite) -> Tiers:
    """Count the tiers of worst-group accuracy on every task."""
    absent = {name: task.not_run(suite.baselines) for name, task in suite.tasks.items()}
    judged = [name for name in suite.main if not absent[name]]
    tasks = {n: _tiers(task, judged=n in judged) for n, task in suite.tasks.items() if len(task.rows) > 1}
    missing = suite.missing({name: not_run(labels) for name, labels in absent.items() if labels})
    missing += [f"{name}: fewer than two ranked rows" for name in judged if name not in tasks]
    passed = all_passed(tasks[name].passed if name in tasks else None for name in suite.main)
    return Tiers(passed, missing, WANTED, list(suite.main), tasks)


def _tiers(task: RankedTask, *, judged: bool) -> TaskTiers:
    wga = {label: task.wga(label) for label in task.rows}
    points, replicates = zip(*wga.values(), strict=True)
    tiers = statistics.tiers(np.array(points), np.stack(replicates), list(wga))
    return TaskTiers(
        rows=len(wga),
        tiers=tiers["count"],
        members=tiers["members"],
        chain=tiers["chain"],
        wga={label: point for label, (point, _) in wga.items()},
        wga_interval={label: task.wga_interval(label) for label in wga},
        passed=tiers["count"] >= WANTED if judged else None,
    )
