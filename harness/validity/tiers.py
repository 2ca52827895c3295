"""A benchmark that ranks methods must separate them: tiers of robust accuracy on every task."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spurgen.harness.board.placing import tier_place
from spurgen.harness.board.standings import standings
from spurgen.harness.machine.plotting import GREY
from spurgen.harness.metrics.intervals import Interval
from spurgen.harness.statistics.letters import largest_distinct
from spurgen.harness.statistics.standing import References
from spurgen.harness.validity._panels import panels, whiskers
from spurgen.harness.validity._rows import RankedSuite, RankedTask, all_passed, not_run
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import PASSED, by_task, number, with_note

PLACE = 3
TITLE = "Methods can be distinguished"
WANTED = 5  # tiers, on each main task
PAIRS_WANTED = 0.6  # share of the pairs told apart, on each main task: v2's target, set before it was frozen


@dataclass(frozen=True)
class TaskTiers:
    """A task's rows, by access tier and best first, with their letters within the tier, and robust accuracies.

    `access`: the access tier by row. `tiers`: the size of the largest set of rows that all differ significantly, which
    is `distinct`. `told_apart`: the share of all pairs that differ. `ideal`: the ideal observer's robust accuracy, None
    if it is not stored. `passed` is None on tasks that need not pass, and where a baseline has not been run.
    """

    rows: int
    tiers: int
    pairs: int
    told_apart: float
    access: dict[str, str]
    letters: dict[str, str]
    distinct: list[str]
    robust_accuracy: dict[str, float]
    interval: dict[str, Interval]
    ideal: float | None
    passed: bool | None


@dataclass(frozen=True)
class Tiers(Section):
    """Tiers on every task that has two rows."""

    STILL: ClassVar[str] = "Differences that are significant stand; rows with a common letter are in no known order."
    wanted: int
    pairs_wanted: float
    main: list[str]
    tasks: dict[str, TaskTiers]

    def summary(self) -> str:
        """Return the number of tiers and the share of pairs told apart in two sentences."""
        counts = by_task(self.tasks, lambda task: f"{task.tiers} of {task.rows} rows", self.main)
        pairs = by_task(self.tasks, lambda task: f"{task.told_apart:.0%} of {task.pairs}", self.main)
        if not counts:
            return ""
        return (
            f"The largest sets of rows that all differ have {counts}; {self.wanted} wanted. Pairs told apart: {pairs}; "
            f"{self.pairs_wanted:.0%} wanted. Both are targets of v2."
        )

    def tables(self) -> str:
        """Return how many tiers each task has, and every row's letters."""
        lines = [
            {"Task": name, "Rows": task.rows, "Tiers": task.tiers,
             "Pairs told apart": f"{task.told_apart:.0%} of {task.pairs}",
             f"Holds (at least {WANTED}, and {PAIRS_WANTED:.0%} of the pairs)": PASSED[task.passed],
             "Rows that all differ": ", ".join(task.distinct)}
            for name, task in self.tasks.items()
        ]  # fmt: skip
        rows = [
            {
                "Task": name,
                "Access": task.access[label],
                "Method": label,
                "Robust accuracy": number(task.robust_accuracy[label]),
                "Letters": letters,
            }
            for name, task in self.tasks.items()
            for label, letters in task.letters.items()
        ]
        note = (
            "The number of tiers is the size of the largest set of rows that all differ significantly from one another "
            "in robust accuracy (moderated paired t-test over units; false discovery rate 5 % over all pairs of rows, "
            "whatever they are given). Rows of an access tier that share a letter do not differ significantly."
        )
        return with_note(note, lines, rows)

    def plot(self) -> Figure | None:
        """Draw every row's robust accuracy with interval and letters, and the ideal observer's, on the main tasks."""
        shown = {name: self.tasks[name] for name in self.main if name in self.tasks}
        if not shown:
            return None
        figure, axes = panels(len(shown), 3, 3.2, [0.9 + 0.16 * task.rows for task in shown.values()])
        for panel, (name, task) in zip(axes, shown.items(), strict=True):
            _draw(panel, name, task)
        if any(task.ideal is not None for task in shown.values()):
            figure.supxlabel(
                "filled: rows that all differ from one another; dashed: ideal observer\n"
                "dotted: between access tiers, which have letters of their own",
                fontsize=8,
            )
        return figure


def _draw(axes: Axes, name: str, task: TaskTiers) -> None:
    """Draw a task's rows; those that all differ from one another are filled."""
    clear = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}  # of the row's line
    access = list(task.access.values())
    for place in range(1, len(access)):
        if access[place] != access[place - 1]:
            axes.axhline(place - 0.5, color=GREY, linewidth=0.6, linestyle=":")
    for place, letters in enumerate(task.letters.values()):
        axes.text(1.03, place, letters, fontsize=6, color=GREY, va="center", bbox=clear)
    if task.ideal is not None:
        axes.axvline(task.ideal, color=GREY, linewidth=1, linestyle="--")
    points = [(task.robust_accuracy[label], task.interval[label], label in task.distinct) for label in task.letters]
    whiskers(axes, list(task.letters), points)
    axes.set_xlim(0, 1.02 + 0.03 * max(map(len, task.letters.values())))
    axes.set_xticks([0, 0.5, 1])
    axes.set_title(name)
    axes.set_xlabel("robust accuracy")


def examine(suite: RankedSuite) -> Tiers:
    """Count the tiers of robust accuracy on every task."""
    absent = {name: task.not_run(suite.baselines) for name, task in suite.main.items()}
    judged = [name for name in suite.main if not absent[name]]
    tasks = {n: _tiers(task, judged=n in judged) for n, task in suite.tasks.items() if len(task.full) > 1}
    missing = suite.missing({name: not_run(labels) for name, labels in absent.items() if labels})
    missing += [f"{name}: fewer than two ranked rows" for name in judged if name not in tasks]
    passed = all_passed(tasks[name].passed if name in tasks else None for name in suite.main)
    return Tiers(passed, missing, WANTED, PAIRS_WANTED, list(suite.main), tasks)


def _tiers(task: RankedTask, *, judged: bool) -> TaskTiers:
    values = {label: task.units(label) for label in task.full}
    access = {label: task.rows[label].results[0].access for label in values}
    placed = standings(values, access, values, task.spread()).rows
    differ = References.of([*values.values()], task.spread()).differ()
    pairs = differ[np.triu_indices(len(values), 1)]
    told_apart = float(pairs.mean())
    distinct = [task.full[k] for k in largest_distinct(differ)]
    by_tier = sorted(values, key=lambda label: tier_place(access[label]))
    estimates = {label: task.estimate(label) for label in by_tier}
    return TaskTiers(
        rows=len(values),
        tiers=len(distinct),
        pairs=len(pairs),
        told_apart=told_apart,
        access={label: access[label] for label in by_tier},
        letters={label: placed[label].letters for label in by_tier},
        distinct=distinct,
        robust_accuracy={label: estimate.value for label, estimate in estimates.items()},
        interval={label: Interval(*estimate.ends) for label, estimate in estimates.items()},
        ideal=task.ideal(),
        passed=len(distinct) >= WANTED and told_apart >= PAIRS_WANTED if judged else None,
    )
