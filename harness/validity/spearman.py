"""A ranking of methods should agree with published ones, and better than access to group labels alone does."""

from dataclasses import dataclass
from typing import ClassVar

from matplotlib.figure import Figure

from spurgen.harness.machine.plotting import GREY
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.validity._agreement import CORE, Agreement, TaskMedians, agreement, task_medians
from spurgen.harness.validity._panels import Whisker, panels, whiskers
from spurgen.harness.validity._published import (
    JTT_LINE,
    NOT_THE_SAME,
    Source,
    comparable_tables,
    sources_table,
    worst_group_tables,
)
from spurgen.harness.validity._rows import RankedSuite, all_passed, not_run
from spurgen.harness.validity._section import UNDECIDED, Section
from spurgen.harness.validity._tables import PASSED, by_task, estimated, number, with_interval, with_note

PLACE = 4
TITLE = "The ranking agrees with published ones"
SHOWN = {
    "rho": "the four, median",
    "rho_within": "the four, within access tiers",
    "by_wga": "the four, by our WGA",
    "of_access": "the four, of access alone",
    "among": "the four with one another",
    "among_within": "the same, within access tiers",
}
"""Medians of a task in its plot."""
NOTE = f"""\
Spearman's rho between our mean robust accuracies and published worst-group accuracies. *Within access tiers* is the
partial rank correlation given our method's access tier (Liu et al. 2018): a method's residual is the share of its tier
that it beats less the share that beats it, and rho is the correlation of the residuals. It depends on the order within
tiers alone, has the scale of rho, and a tier with one method adds nothing. *Access alone* ranks methods by one bit:
whether they use the group labels of train. *By our WGA* orders our methods by worst-group accuracy too.

A task passes if its median rho over {", ".join(CORE)} in SubpopBench's protocol exceeds that of access alone, and fails
if it is below that, or below the median of the four with one another; each by the 95 % interval of the difference, over
the same methods. Otherwise it is undecided. Intervals: bootstrap over the methods and, for ours, over units.

Protocols differ in what they let a method see, so a table is comparable with our rows as far as both see the same.
Tables with fewer than five common methods have no rho, but their pairs count: how many have the same order. The pairs
of one protocol's data sets are not independent."""


@dataclass(frozen=True)
class TaskAgreement:
    """A task's agreement with every published table; `medians` is None if it has too few methods of the core tables.

    `complete`: whether every baseline with a published value has been run. `passed` is None where it has not, or the
    intervals do not decide.
    """

    backbone: str
    complete: bool
    medians: TaskMedians | None
    passed: bool | None
    published: list[Agreement]

    def median(self, name: str) -> Estimate | None:
        """Return one of the medians by its name."""
        return None if self.medians is None else getattr(self.medians, name)

    def pairs(self, protocol: str, *, within: bool = False) -> tuple[int, int]:
        """Return how many pairs of methods have the same order, and of how many, over a protocol's data sets."""
        counts = [
            table.pairs_within if within else table.pairs for table in self.published if table.protocol == protocol
        ]
        return sum(count.same for count in counts), sum(count.pairs for count in counts)


@dataclass(frozen=True)
class RankAgreement(Section):
    """Agreement on all tasks with enough methods."""

    STILL: ClassVar[str] = (
        "The ranking is one of these worlds; it does not predict rankings on the published data sets."
    )
    core: list[str]
    main: list[str]
    tasks: dict[str, TaskAgreement]

    @property
    def verdict(self) -> str:
        """Verdict in words."""
        judged = [self.tasks[name] for name in self.main if name in self.tasks]
        decided = len(judged) == len(self.main) and all(t.complete and t.median("less_access") for t in judged)
        return UNDECIDED if self.passed is None and decided else super().verdict

    def summary(self) -> str:
        """Return the medians of the main tasks in a few sentences."""
        if not any(task.medians for task in self.tasks.values()):
            return ""

        def median(name: str) -> str:
            return by_task(self.tasks, lambda task: estimated(task.median(name)), self.main)

        return (
            f"Median of Spearman's rho with SubpopBench's {', '.join(self.core)}: {median('rho')}; within access tiers "
            f"{median('rho_within')}. Access alone, whether a method uses the group labels of train, reaches "
            f"{median('of_access')}; the difference to it is {median('less_access')}. The four with one another: "
            f"{median('among')}, within access tiers {median('among_within')}; the difference to them is "
            f"{median('less_among')}. Access alone has a rho of {median('ours_of_access')} with our ranking. With our "
            f"methods ordered by WGA, which is what the tables have, the median is {median('by_wga')}, within access "
            f"tiers {median('by_wga_within')}. In the tables of the JTT line, where methods see the group labels of "
            f"val, {by_task(self.tasks, _of_jtt_line, self.main)} pairs of methods have our order."
        )

    def tables(self) -> str:
        """Return tables of the medians, of pairs by protocol, of every published table, and of the sources."""
        if not self.tasks:
            return with_note(NOTE)
        tables = [self._medians(), self._protocols(), self._details(), _left_out()]
        sources = {
            Source(*(getattr(t, f) for f in Source._fields)) for task in self.tasks.values() for t in task.published
        }
        return "\n\n".join([with_note(NOTE, *tables), sources_table(sources)])

    def _medians(self) -> list[dict[str, str]]:
        columns = {
            "Median rho": "rho", "Within access tiers": "rho_within", "By our WGA": "by_wga",
            "By our WGA, within tiers": "by_wga_within", "Our ranking with access": "ours_of_access",
            "Access alone": "of_access",
            "Less access alone": "less_access", "The four with one another": "among",
            "The same, within tiers": "among_within", "Less the four": "less_among",
        }  # fmt: skip
        return [
            {"Task": name, "Backbone": task.backbone,
             **{title: estimated(task.median(field)) for title, field in columns.items()},
             "Holds": PASSED[task.passed]}
            for name, task in self.tasks.items()
        ]  # fmt: skip

    def _protocols(self) -> list[dict[str, str]]:
        lines = []
        for name, task in self.tasks.items():
            for protocol, sees in {table.protocol: table.sees for table in task.published}.items():
                (same, pairs), (within, of_tier) = task.pairs(protocol), task.pairs(protocol, within=True)
                sets = [table.dataset for table in task.published if table.protocol == protocol]
                lines.append(
                    {"Task": name, "Protocol": protocol, "It lets a method see": sees, "Data sets": ", ".join(sets),
                     "Pairs in the same order": f"{same} of {pairs}", "Of one access tier": f"{within} of {of_tier}"}
                )  # fmt: skip
        return lines

    def _details(self) -> list[dict[str, str]]:
        return [
            {"Task": name, "Protocol": table.protocol, "Data set": table.dataset, "Methods": str(table.n),
             "rho (95 %)": with_interval(table.rho, table.interval, ".2f"),
             "Within access tiers": with_interval(table.rho_within, table.interval_within, ".2f"),
             "Among published, median": number(table.among_published, ".2f"),
             "rho, all of the same name": f"{number(table.rho_by_name, '.2f')} ({table.n_by_name})"}
            for name, task in self.tasks.items()
            for table in task.published
        ]  # fmt: skip

    def plot(self) -> Figure | None:
        """Draw medians and rho with their intervals, a panel per task; grey bars are medians among the published."""
        if not self.tasks:
            return None
        most = max(len(_rows(task)) for task in self.tasks.values())
        figure, axes = panels(len(self.tasks), 3, 3.9, 0.9 + 0.2 * most)
        for panel, (name, task) in zip(axes, self.tasks.items(), strict=True):
            rows = _rows(task)
            for row, (_, _, among) in enumerate(rows):
                if among is not None:
                    panel.plot([among] * 2, [row - 0.35, row + 0.35], color=GREY, linewidth=2.5)
            whiskers(panel, [label for label, _, _ in rows], [whisker for _, whisker, _ in rows])
            panel.axvline(0, color=GREY, linewidth=0.6)
            panel.set_xlim(-1.08, 1.08)
            panel.set_title(f"{name} ({task.backbone})", loc="right")
        figure.supxlabel(
            f"Spearman's rho. Filled: medians over the four, {', '.join(CORE)}.\nGrey bar: median among the published.",
            fontsize=8,
        )
        return figure


def _of_jtt_line(task: TaskAgreement) -> str:
    same, pairs = task.pairs(JTT_LINE)
    return f"{same} of {pairs}"


def _rows(task: TaskAgreement) -> list[tuple[str, Whisker, float | None]]:
    """Return the rows of a task's panel: name, point with interval, and place of the grey bar."""
    medians = [(label, task.median(name)) for name, label in SHOWN.items()]
    rows: list[tuple[str, Whisker, float | None]] = [
        (label, (median.value, median.ends, True), None) for label, median in medians if median
    ]
    tables = [table for table in task.published if table.rho is not None]
    return rows + [(table.label, (table.rho, table.interval, False), table.among_published) for table in tables]


def _left_out() -> list[dict[str, str]]:
    return [
        {"Protocol": protocol, "Left out, though of the same name": method, "The published one": how}
        for protocol, methods in NOT_THE_SAME.items()
        for method, how in methods.items()
    ]


def examine(suite: RankedSuite) -> RankAgreement:
    """Correlate every task's mean robust accuracies with every published table."""
    tables, by_name = comparable_tables(suite.published), worst_group_tables(suite.published)
    wanted = [name for name in suite.baselines if any(name in table for table in tables.values())]
    tasks, missing = {}, {}
    for name, task in suite.tasks.items():
        found = [agreement(task, source, tables, by_name, suite.baselines) for source in tables]
        published = [table for table in found if table]
        absent = task.not_run(wanted)
        if any(table.rho is not None for table in published):
            medians = task_medians(task, tables, suite.baselines)
            passed = None if absent else passes(medians)
            tasks[name] = TaskAgreement(task.task.backbone, not absent, medians, passed, published)
        if name in suite.main and (absent or name not in tasks):
            missing[name] = not_run(absent) if absent else "too few ranked methods"
    every = all_passed(tasks[name].passed if name in tasks else None for name in suite.main)
    return RankAgreement(every, suite.missing(missing), list(CORE), list(suite.main), tasks)


def passes(medians: TaskMedians | None) -> bool | None:
    """Return whether the task's agreement is better than that of access alone, None if the intervals do not decide."""
    if medians is None or medians.less_access is None or medians.less_among is None:
        return None
    if medians.less_access.ends[1] < 0 or medians.less_among.ends[1] < 0:
        return False
    return True if medians.less_access.ends[0] > 0 else None
