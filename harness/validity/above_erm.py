"""Methods made against shortcuts must beat plain training: JTT, which infers groups, and Group-DRO, which has them."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spurgen.harness.board.against_erm import ERM, against_erm
from spurgen.harness.board.schema import AgainstErm
from spurgen.harness.machine.plotting import GREY
from spurgen.harness.machine.printing import p_text
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.metrics.intervals import Interval
from spurgen.harness.statistics.differences import ALPHA, holm
from spurgen.harness.validity._panels import panels, whiskers
from spurgen.harness.validity._rows import RankedSuite, RankedTask, all_passed
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import PASSED, by_task, number, with_interval, with_note

PLACE = 2
TITLE = "JTT and Group-DRO are above ERM"
WANTED = ("jtt", "group_dro")
NOTE = (
    "Robust accuracy less ERM's, by the leaderboard's moderated paired t-test over units. A task passes if both "
    "differences are positive and significant at 5 %, Holm over these two, which the question names, whatever other "
    "methods have rows. The other column, and the count of methods above ERM, are the "
    "board's: Holm over all methods of the task."
)


@dataclass(frozen=True)
class Lead:
    """A method's robust accuracy less ERM's on the units that both have.

    `p_holm` is corrected over the task's methods, and `above` whether the difference is positive at 5 % by it;
    `p` is not corrected. All but the difference are None where there is no test, as with one unit.
    """

    difference: float
    interval: Interval | None
    p: float | None
    p_holm: float | None
    above: bool | None


@dataclass(frozen=True)
class Answer:
    """Whether a wanted method is above ERM: its p-value, Holm over the wanted methods, and whether it is below 5 %."""

    p: float | None
    above: bool | None


@dataclass(frozen=True)
class TaskLeads:
    """The lead of every ranked method, best first, and the answer for each wanted one that has a row.

    `passed` is None where a wanted method has no test.
    """

    methods: dict[str, Lead]
    wanted: dict[str, Answer]
    passed: bool | None


@dataclass(frozen=True)
class AboveErm(Section):
    """Leads over ERM on the main tasks; those of `wanted` must be significant."""

    STILL: ClassVar[str] = (
        "Where a lead is not significant the task does not show that either method helps; other significant "
        "differences stand."
    )
    wanted: list[str]
    tasks: dict[str, TaskLeads]

    def summary(self) -> str:
        """Return the leads of the wanted methods, and how many methods are above ERM, in two sentences."""
        if not self.tasks:
            return ""
        leads = [f"{label} {by_task(self.tasks, partial(_brief, label))}" for label in self.wanted]
        above = by_task(self.tasks, lambda task: f"{len(_above(task))} of {len(task.methods)}")
        return f"Robust accuracy less ERM's: {'; '.join(leads)} (`*`: significant). Methods above ERM: {above}."

    def tables(self) -> str:
        """Return a line per task and wanted method, and the methods above ERM."""
        lines = [
            {"Task": name, "Method": label, "To ERM (95 %)": with_interval(lead.difference, lead.interval, "+.3f"),
             "p, of two": p_text(answer.p), "Above ERM": PASSED[answer.above], "p, of all": p_text(lead.p_holm)}
            for name, task in self.tasks.items()
            for label, lead in task.methods.items()
            if (answer := task.wanted.get(label))
        ]  # fmt: skip
        above = [
            {"Task": name, "Methods significantly above ERM, best first": ", ".join(_above(task)) or "none",
             "Holds": PASSED[task.passed]}
            for name, task in self.tasks.items()
        ]  # fmt: skip
        return with_note(NOTE, lines, above)

    def plot(self) -> Figure | None:
        """Draw every method's lead with its interval, a panel per main task, filled where it is significant."""
        if not self.tasks:
            return None
        most = max(len(task.methods) for task in self.tasks.values())
        figure, axes = panels(len(self.tasks), 3, 2.8, 0.9 + 0.16 * most)
        for panel, (name, task) in zip(axes, self.tasks.items(), strict=True):
            _draw(panel, name, task)
        figure.supxlabel("robust accuracy less ERM's (filled: significantly above)", fontsize=8)
        return figure


def _above(task: TaskLeads) -> list[str]:
    return [as_markdown(label) for label, lead in task.methods.items() if lead.above]


def _brief(label: str, task: TaskLeads) -> str:
    lead = task.methods.get(label)
    return "-" if lead is None else number(lead.difference, "+.2f") + "*" * bool(task.wanted[label].above)


def _draw(axes: Axes, name: str, task: TaskLeads) -> None:
    points = [(lead.difference, lead.interval, bool(lead.above)) for lead in task.methods.values()]
    whiskers(axes, list(task.methods), points)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_title(name)


def examine(suite: RankedSuite) -> AboveErm:
    """Compare every method with ERM on each main task."""
    tasks = {name: _leads(task) for name, task in suite.main.items() if ERM in task.rows and len(task.rows) > 1}
    lacks = {
        name: "; ".join(task.reason(label) for label in (ERM, *WANTED) if label not in task.rows)
        for name, task in suite.main.items()
    }
    untested = [name for name, task in tasks.items() if not lacks[name] and task.passed is None]
    lacks |= dict.fromkeys(untested, "too few results for a test")
    passed = all_passed(tasks[name].passed if name in tasks else None for name in suite.main)
    return AboveErm(passed, suite.missing({n: lack for n, lack in lacks.items() if lack}), list(WANTED), tasks)


def _leads(task: RankedTask) -> TaskLeads:
    values = {label: task.units(label) for label in task.rows}
    access = {label: row.results[0].access for label, row in task.rows.items()}
    tests = against_erm(values, access, list(task.rows), task.spread())
    leads = {label: _lead(test) for label, test in sorted(tests.items(), key=lambda item: -item[1].difference)}
    there = [label for label in WANTED if label in leads]
    p_values = dict(zip(there, holm([leads[label].p for label in there]), strict=True))
    wanted = {label: Answer(p, _is_above(leads[label].difference, p)) for label, p in p_values.items()}
    return TaskLeads(leads, wanted, all_passed(wanted[label].above if label in wanted else None for label in WANTED))


def _lead(test: AgainstErm) -> Lead:
    return Lead(test.difference, test.interval, test.p, test.p_holm, _is_above(test.difference, test.p_holm))


def _is_above(difference: float, p: float | None) -> bool | None:
    return None if p is None else difference > 0 and p < ALPHA
