"""A ranking of methods should agree with published ones as well as those do with one another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.machine.plotting import GREY
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.bootstrap import named_generator
from spurgen.harness.validity._correlation import MIN_METHODS, REPLICATES, correlate, spearman
from spurgen.harness.validity._panels import panels, whiskers
from spurgen.harness.validity._published import SUBPOPBENCH, Source, Tables, comparable_tables, worst_group_tables
from spurgen.harness.validity._rows import RankedSuite, RankedTask, all_passed, not_run
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import PASSED, by_task, number, with_interval, with_note

PLACE = 3
TITLE = "The ranking agrees with published ones"
CORE = ("Waterbirds", "CelebA", "MultiNLI", "CivilComments")  # spurious correlations proper, in image and text


@dataclass(frozen=True)
class Agreement:
    """Rank correlation of a task with one published table, over the methods that both have.

    `among_published`: the median of that table's own correlations with the protocol's other data sets over the same
    methods, None where there are no others. `rho_by_name`: over all `n_by_name` methods of the same name, of which
    those in `NOT_THE_SAME` are different algorithms.
    """

    protocol: str
    dataset: str
    selection: str
    rho: float | None
    interval: tuple[float, float] | None
    n: int
    methods: list[str]
    among_published: float | None
    rho_by_name: float | None
    n_by_name: int

    @property
    def decides(self) -> bool:
        """Whether the verdict depends on this table."""
        return self.protocol == SUBPOPBENCH and self.dataset in CORE

    @property
    def label(self) -> str:
        """Name of the table in a plot: Waterbirds, SubpopBench (19)."""
        return f"{self.dataset}, {self.protocol.partition(',')[0].removesuffix(' protocol')} ({self.n})"


@dataclass(frozen=True)
class TaskAgreement:
    """A task's agreement with every published table.

    It passes if its median rho with SubpopBench's four data sets of spurious correlations is at least the median of
    their correlations with one another, all over the same methods; None if a baseline with a published value has not
    been run.
    """

    backbone: str
    median: float | None
    median_among_published: float | None
    passed: bool | None
    published: list[Agreement]

    def with_first_two(self, rho: Callable[[Agreement], float | None]) -> str:
        """Write a correlation with the first two of the core data sets."""
        tables = {table.dataset: table for table in reversed(self.published) if table.decides}
        return " and ".join(number(rho(tables[name]) if name in tables else None, ".2f") for name in CORE[:2])


@dataclass(frozen=True)
class RankAgreement(Section):
    """Agreement on all tasks with enough methods."""

    core: list[str]
    main: list[str]
    tasks: dict[str, TaskAgreement]

    def summary(self) -> str:
        """Return the correlations of the main tasks in a few sentences."""
        if not self.tasks:
            return ""
        both = " and ".join(self.core[:2])
        rho = by_task(self.tasks, lambda task: task.with_first_two(lambda table: table.rho), self.main)
        by_name = by_task(self.tasks, lambda task: task.with_first_two(lambda table: table.rho_by_name), self.main)
        medians = by_task(self.tasks, lambda task: number(task.median, ".2f"), self.main)
        published = by_task(self.tasks, lambda task: number(task.median_among_published, ".2f"), self.main)
        return (
            f"Spearman's rho with SubpopBench's {both}: {rho}. Median over {', '.join(self.core)}: {medians}; theirs "
            f"with one another: {published}. This is over methods that are the same algorithm in both; over all "
            f"methods of the same name, rho with {both} is {by_name}."
        )

    def tables(self) -> str:
        """Return a line per task, and a line per task and published table."""
        note = (
            "Spearman's rho between our mean robust accuracies and published worst-group accuracies. A task passes if "
            f"its median over {', '.join(self.core)} in SubpopBench's protocol is at least the median of theirs with "
            "one another, over the same methods. Five methods of SubpopBench share a name with ours but are different "
            "algorithms, and count in the last column alone: BSoftmax and LDAM (by class sizes, ours by group sizes), "
            "IRM and MMD (across the attribute's values, ours across environments) and LISA (pairs that share the "
            "attribute's value, ours the alignment pattern). Intervals: 95 % by a bootstrap over the methods and, for "
            "ours, over units."
        )
        lines = [
            {"Task": name, "Backbone": task.backbone, "Median rho": number(task.median),
             "Among published": number(task.median_among_published), "Passed": PASSED[task.passed]}
            for name, task in self.tasks.items()
        ]  # fmt: skip
        details = [
            {"Task": name, "Backbone": task.backbone, "Protocol": table.protocol, "Data set": table.dataset,
             "rho (95 %)": with_interval(table.rho, table.interval), "Methods": table.n,
             "Among published, median": number(table.among_published),
             "rho, all of the same name": f"{number(table.rho_by_name)} ({table.n_by_name})"}
            for name, task in self.tasks.items()
            for table in task.published
        ]  # fmt: skip
        return with_note(note, lines, details)

    def plot(self) -> Figure | None:
        """Draw rho with its interval, a panel per task; grey bars are the published data sets' own medians."""
        if not self.tasks:
            return None
        most = max(len(task.published) for task in self.tasks.values())
        figure, axes = panels(len(self.tasks), 3, 3.9, 0.9 + 0.2 * most)
        for panel, (name, task) in zip(axes, self.tasks.items(), strict=True):
            for row, table in enumerate(task.published):
                if table.among_published is not None:
                    panel.plot([table.among_published] * 2, [row - 0.35, row + 0.35], color=GREY, linewidth=2.5)
            points = [(table.rho, table.interval, table.decides) for table in task.published]
            whiskers(panel, [table.label for table in task.published], points)
            panel.axvline(0, color=GREY, linewidth=0.6)
            panel.set_xlim(-1.08, 1.08)
            panel.set_title(f"{name} ({task.backbone})", loc="right")
        figure.supxlabel(
            "Spearman's rho (grey bar: median among the published;\nfilled: decides whether it passes)", fontsize=8
        )
        return figure


def examine(suite: RankedSuite) -> RankAgreement:
    """Correlate every task's mean robust accuracies with every published table."""
    tables, by_name = comparable_tables(suite.published), worst_group_tables(suite.published)
    wanted = [name for name in suite.baselines if any(name in table for table in tables.values())]
    tasks, missing = {}, {}
    for name, task in suite.tasks.items():
        published = [
            _agreement(task, source, tables, by_name[source])
            for source, table in tables.items()
            if len(_common(task, table)) >= MIN_METHODS
        ]
        absent = task.not_run(wanted)
        if published:
            tasks[name] = _judge(task, published, tables, complete=not absent)
        if absent or not published:
            missing[name] = not_run(absent) if absent else "too few ranked methods"
    passed = all_passed(tasks[name].passed if name in tasks else None for name in suite.main)
    return RankAgreement(passed, suite.missing(missing), list(CORE), list(suite.main), tasks)


def _common(task: RankedTask, published: Mapping[str, float]) -> list[str]:
    return sorted(task.rows.keys() & published.keys())


def _values(published: Mapping[str, float], methods: Sequence[str]) -> Float64:
    return np.array([published[method] for method in methods])


def _means(task: RankedTask, methods: Sequence[str]) -> Float64:
    return np.array([task.units(method).mean() for method in methods])


def _over_units(task: RankedTask, methods: Sequence[str]) -> Float64:
    """Draw the methods' means over resampled units, the same ones for all methods: float64 (n, B)."""
    rows = [task.units(method) for method in methods]
    common = min(map(len, rows))
    picks = named_generator("units", task.task.name).integers(common, size=(REPLICATES, common))
    means: Float64 = np.array([row[:common] for row in rows])[:, picks].mean(axis=2)
    return means


def _agreement(task: RankedTask, source: Source, tables: Tables, by_name: Mapping[str, float]) -> Agreement:
    methods, names = _common(task, tables[source]), _common(task, by_name)
    points = _means(task, methods)
    values = _values(tables[source], methods)
    name = "/".join([task.task.name, *source])
    correlation = correlate(points, values, _over_units(task, methods), name)
    others = [
        float(spearman(values, _values(table, methods)))
        for other, table in tables.items()
        if other.protocol == source.protocol and other != source and set(methods) <= table.keys()
    ]
    rho_by_name = float(spearman(_means(task, names), _values(by_name, names)))
    return Agreement(*source, *correlation, len(methods), methods, _median(others), _median([rho_by_name]), len(names))


def _median(rhos: Sequence[float | None]) -> float | None:
    present = [rho for rho in rhos if rho is not None and not np.isnan(rho)]
    return float(np.median(present)) if present else None


def _judge(task: RankedTask, published: list[Agreement], tables: Tables, *, complete: bool) -> TaskAgreement:
    """Compare the task's median rho with the core data sets to theirs with one another."""
    core = [table for source, table in tables.items() if source.protocol == SUBPOPBENCH and source.dataset in CORE]
    shared = sorted(set(task.rows).intersection(*core)) if core else []
    pairs = combinations([_values(table, shared) for table in core], 2) if len(shared) >= MIN_METHODS else ()
    ours = _median([table.rho for table in published if table.decides])
    theirs = _median([float(spearman(first, second)) for first, second in pairs])
    passed = ours >= theirs if complete and ours is not None and theirs is not None else None
    return TaskAgreement(task.task.backbone, ours, theirs, passed, published)
