"""Robust accuracy is a minimum over alignment patterns: which one it is, and how much of it training shows."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure

from spurgen.benchmark.suite import Task
from spurgen.generators import sample
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.metrics import pattern_accuracies
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.running.task_data import task_groups
from spurgen.harness.validity._agreement import means
from spurgen.harness.validity._correlation import MIN_METHODS
from spurgen.harness.validity._rows import RankedSuite, RankedTask
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import by_task, number, with_note

PLACE = 10
TITLE = "What decides the ranking"
EXPLAINING = {
    "core_use_first": "core use, first part",
    "core_use_second": "core use, second part",
    "reliance_total": "total reliance",
}
"""Metrics whose share of the variance of robust accuracy is measured, on tasks where rows have them."""
NOTE = """\
*All conflict*: the pattern in which every channel conflicts with the class; it *decides* a result whose robust accuracy
is the accuracy of that pattern, and the share is over methods and units. *In train*: how many training samples have it,
the fewest and the most over worlds. *Groups without*: how many groups, a class with one pattern, have no training
sample. ERM's accuracies: the mean over all patterns, the lowest where one channel alone conflicts, and that of a linear
probe of its features that is fitted to samples in which no channel goes with the class."""
SHARES_NOTE = (
    "Squared correlation, over methods, of the mean robust accuracy with other metrics: the share of its variance that "
    "goes with each. The shares overlap."
)


@dataclass(frozen=True)
class Deciding:
    """What robust accuracy is on a task.

    `decides`: share of results whose minimum is the pattern in which all channels conflict. `in_train`: its fewest and
    most training samples over the worlds; `empty_groups`: likewise, of `groups`. Of ERM, None without its row:
    `mean_of_patterns`, `one_conflict` (the lowest accuracy where one channel conflicts), and `balanced_probe`.
    `shares`: squared correlation of robust accuracy with each metric of `EXPLAINING` that all rows have.
    """

    results: int
    decides: float
    in_train: tuple[int, int]
    groups: int
    empty_groups: tuple[int, int]
    mean_of_patterns: float | None
    one_conflict: float | None
    balanced_probe: float | None
    shares: dict[str, float]


@dataclass(frozen=True)
class DecidingPatterns(Section):
    """What robust accuracy is on every task that has a ranked row."""

    JUDGED: ClassVar[bool] = False
    main: list[str]
    tasks: dict[str, Deciding]

    def summary(self) -> str:
        """Return which pattern decides and how often train shows it, in a few sentences."""
        if not self.tasks:
            return ""
        decides = by_task(self.tasks, lambda task: f"{task.decides:.0%}", self.main)
        in_train = by_task(self.tasks, lambda task: _span(task.in_train), self.main)
        means = by_task(self.tasks, lambda task: number(task.mean_of_patterns, ".2f"), self.main)
        return (
            f"In {decides} of results robust accuracy is the accuracy where all channels conflict; train has "
            f"{in_train} such samples. ERM's mean over patterns is {means}."
        )

    def tables(self) -> str:
        """Return a line per task on patterns, and one on what robust accuracy goes with."""
        patterns = [
            {"Task": name, "All conflict decides": f"{task.decides:.0%} of {task.results}",
             "In train": _span(task.in_train), "Groups without": f"{_span(task.empty_groups)} of {task.groups}",
             "ERM, mean of patterns": number(task.mean_of_patterns), "ERM, one conflicts": number(task.one_conflict),
             "ERM, balanced probe": number(task.balanced_probe)}
            for name, task in self.tasks.items()
        ]  # fmt: skip
        shares = [
            {"Task": name, **{title: number(task.shares.get(metric)) for metric, title in EXPLAINING.items()}}
            for name, task in self.tasks.items()
            if task.shares
        ]
        return "\n\n".join([with_note(NOTE, patterns), *([with_note(SHARES_NOTE, shares)] if shares else [])])

    def plot(self) -> Figure | None:
        """Return None: the tables say it."""
        return None


def examine(suite: RankedSuite) -> DecidingPatterns:
    """Examine every task that has a ranked row."""
    tasks = {name: _deciding(task) for name, task in suite.tasks.items() if task.rows}
    missing = suite.missing({name: "no ranked row" for name in suite.main if name not in tasks})
    return DecidingPatterns(None, missing, list(suite.main), tasks)


def _deciding(task: RankedTask) -> Deciding:
    patterns = {label: _patterns(task, label) for label in task.rows}
    every = np.concatenate(list(patterns.values()))
    num_patterns = every.shape[1]
    single = [1 << channel for channel in range(num_patterns.bit_length() - 1)]
    worlds = [task.task.in_world(seed) for seed in range(task.task.scenario.worlds)]
    in_train, empty = np.transpose([_in_train(world, num_patterns) for world in worlds])
    erm = patterns[ERM].mean(axis=0) if ERM in patterns else None
    return Deciding(
        results=len(every),
        decides=float(np.isclose(every[:, -1], every.min(axis=1)).mean()),
        in_train=(int(in_train.min()), int(in_train.max())),
        groups=len(task.values.sizes),
        empty_groups=(int(empty.min()), int(empty.max())),
        mean_of_patterns=None if erm is None else float(erm.mean()),
        one_conflict=None if erm is None else float(erm[single].min()),
        balanced_probe=float(task.units(ERM, "probe_balanced").mean()) if task.has(ERM, "probe_balanced") else None,
        shares=_shares(task),
    )


def _patterns(task: RankedTask, label: str) -> Float64:
    """Return a row's accuracy by pattern, averaged over classes: float64 (units, patterns); the last conflicts most."""
    counts = np.array([result.groups for result in task.rows[label].results])
    return np.array([pattern_accuracies(each, task.task.scenario.num_classes) for each in counts / task.values.sizes])


def _in_train(world: Task, num_patterns: int) -> tuple[int, int]:
    """Return how many training samples conflict in all channels, and how many groups have no training sample."""
    scenario = world.scenario
    train = sample(scenario, "train", range(scenario.splits.train), images=False, captions=False)
    sizes: Int64 = np.bincount(task_groups(world, train.group_ids), minlength=world.num_groups)
    return int(sizes.reshape(-1, num_patterns)[:, -1].sum()), int((sizes == 0).sum())


def _shares(task: RankedTask) -> dict[str, float]:
    """Return the squared correlation of mean robust accuracy with each metric that all full rows have."""
    labels = task.full
    known = [metric for metric in EXPLAINING if labels and all(task.has(label, metric) for label in labels)]
    if len(labels) < MIN_METHODS:
        return {}
    robust = means(task, labels)
    return {
        metric: float(np.corrcoef(robust, values)[0, 1] ** 2)
        for metric in known
        if np.ptp(robust) and np.ptp(values := means(task, labels, metric))
    }


def _span(ends: tuple[int, int]) -> str:
    return f"{ends[0]:,}" if ends[0] == ends[1] else f"{ends[0]:,} to {ends[1]:,}"
