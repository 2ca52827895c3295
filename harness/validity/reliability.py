"""A ranking that another world, or another main task, would turn round says little about methods."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.board.by_unit import Unit
from spurgen.harness.validity._agreement import Access, means
from spurgen.harness.validity._correlation import MIN_METHODS, as_strata, correlate, spearman
from spurgen.harness.validity._rows import RankedSuite, RankedTask
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import by_task, counted, number, with_interval, with_note

PLACE = 9
TITLE = "Agreement of the ranking with itself"
MIN_ON_BOTH = 10  # methods; with fewer, an interval spans nearly all of -1 to 1
NOTE = (
    "Spearman's rho between the robust accuracies of the same methods in two worlds of a task, or with two training "
    "seeds where a task has one world: the mean over all pairs, and the lowest. The leaderboard ranks means over all "
    "of them, which vary less."
)
TASKS_NOTE = (
    "Spearman's rho between the mean robust accuracies on two tasks, over the methods that are ranked on both, and the "
    "partial rank correlation given the access tier. Intervals: 95 % by a bootstrap over the methods."
)


@dataclass(frozen=True)
class OverUnits:
    """How far the rankings of a task's units agree: mean and lowest Spearman's rho over all pairs of units.

    Both are None if all methods tie in all units but one.
    """

    unit: Unit
    units: int
    methods: int
    rho: float | None
    lowest: float | None


@dataclass(frozen=True)
class OverTasks:
    """How far two tasks rank the same methods alike, overall and within access tiers."""

    tasks: tuple[str, str]
    methods: int
    rho: float | None
    interval: tuple[float, float] | None
    rho_within: float | None
    interval_within: tuple[float, float] | None


@dataclass(frozen=True)
class Reliability(Section):
    """Rank correlations between units of every task with five methods, and between tasks that share ten."""

    JUDGED: ClassVar[bool] = False
    main: list[str]
    units: dict[str, OverUnits]
    pairs: list[OverTasks]

    def summary(self) -> str:
        """Return the correlations of the main tasks in two sentences."""
        if not self.units:
            return ""
        rhos = by_task(
            self.units, lambda task: f"{number(task.rho, '.2f')} (lowest {number(task.lowest, '.2f')})", self.main
        )
        pairs = [pair for pair in self.pairs if set(pair.tasks) <= set(self.main)]
        between = ", ".join(
            f"{number(pair.rho, '.2f')}, within access tiers {number(pair.rho_within, '.2f')} ({names})"
            for pair in pairs
            for names in [" - ".join(pair.tasks)]
        )
        words = f" Between tasks: {between}." if pairs else ""
        return f"Spearman's rho between two worlds or seeds: {rhos}.{words}"

    def tables(self) -> str:
        """Return a line per task and a line per pair of tasks."""
        units = [
            {"Task": name, "Methods": task.methods, "Between": counted(task.units, task.unit),
             "Mean rho": number(task.rho, ".2f"), "Lowest rho": number(task.lowest, ".2f")}
            for name, task in self.units.items()
        ]  # fmt: skip
        pairs = [
            {"Tasks": " - ".join(pair.tasks), "Methods": pair.methods,
             "rho (95 %)": with_interval(pair.rho, pair.interval, ".2f"),
             "Within access tiers": with_interval(pair.rho_within, pair.interval_within, ".2f")}
            for pair in self.pairs
        ]  # fmt: skip
        return "\n\n".join([with_note(NOTE, units), *([with_note(TASKS_NOTE, pairs)] if pairs else [])])

    def plot(self) -> Figure | None:
        """Return None: the tables say it."""
        return None


def examine(suite: RankedSuite) -> Reliability:
    """Correlate the rankings of all pairs of units, and of all pairs of tasks."""
    ranked = {name: task for name, task in suite.tasks.items() if len(task.full) >= MIN_METHODS}
    units = {name: _over_units(task) for name, task in ranked.items()}
    pairs = [found for pair in combinations(ranked.values(), 2) if (found := _over_tasks(pair, suite.baselines))]
    missing = suite.missing({name: "fewer than five ranked rows" for name in suite.main if name not in ranked})
    return Reliability(None, missing, list(suite.main), units, pairs)


def _over_units(task: RankedTask) -> OverUnits:
    shared = min(len(task.units(label)) for label in task.full)
    by_unit = np.array([task.units(label)[:shared] for label in task.full]).T
    rhos = np.array([spearman(first, second) for first, second in combinations(by_unit, 2)])
    known = rhos[~np.isnan(rhos)]
    mean, lowest = (float(known.mean()), float(known.min())) if len(known) else (None, None)
    return OverUnits(task.unit, shared, len(task.full), mean, lowest)


def _over_tasks(pair: Sequence[RankedTask], access: Access) -> OverTasks | None:
    first, second = pair
    methods = sorted(set(first.full) & set(second.full))
    if len(methods) < MIN_ON_BOTH:
        return None
    ours, theirs = (means(task, methods) for task in pair)
    names = (first.task.name, second.task.name)
    strata = as_strata([access[method] for method in methods])
    rho = correlate(ours, theirs, None, "/".join(names))
    within = correlate(ours, theirs, None, "/".join(names), strata)
    return OverTasks(names, len(methods), *rho, *within)
