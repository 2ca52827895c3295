"""Plain training must fail where shortcuts mislead, by more than its data ask for, and succeed where there are none."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import RANKED_BY, Unit
from spurgen.harness.machine.plotting import GREY, INK, PALE
from spurgen.harness.machine.printing import and_list
from spurgen.harness.machine.text import as_markdown
from spurgen.harness.metrics.intervals import Interval
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.differences import NOISE
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import ANY, Spread, mean_estimate
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._rows import RankedSuite, RankedTask, all_passed
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import PASSED, by_task, counted, estimated, number, with_interval, with_note

PLACE = 1
TITLE = "ERM fails, and correlations are why"
ALIGNED, REFERENCE = 0.95, 0.95
ROBUST: dict[Unit, float] = {"seed": 0.5, "world": 0.3}  # at most, on tasks of one world and of several
NOTE = (
    "ERM passes on a task if its accuracy where all channels align, and its robust accuracy when trained on "
    f"uncorrelated data, are at least {ALIGNED} and {REFERENCE}, its robust accuracy is at most {ROBUST['seed']} "
    f"({ROBUST['world']} where the task has several worlds), and the interval of the ideal observer's robust accuracy "
    "less ERM's lies above 0: what exceeds the ideal observer is not what the training data ask for. Means and "
    "intervals are over units, worlds or training seeds."
)


@dataclass(frozen=True)
class TaskFailure:
    """ERM's metrics on a task, those of the same model trained on uncorrelated data, and those of the ideal observer.

    `at_most`: threshold of `robust_accuracy`. `below_ideal`: the ideal observer's robust accuracy less ERM's, None if
    the former is not stored.
    """

    unit: Unit
    units: int
    aligned_accuracy: float | None
    robust_accuracy: float | None
    interval: Interval | None
    at_most: float
    ideal_robust_accuracy: float | None
    below_ideal: Estimate | None
    reference_units: int
    reference_robust_accuracy: float | None
    passed: bool | None

    @property
    def margins(self) -> dict[str, float | None]:
        """By how much each criterion is met, negative where it is not; None where that is unknown."""
        below = self.below_ideal.low if self.below_ideal else None
        margins = {
            f"accuracy where all channels align at least {ALIGNED:g}": (self.aligned_accuracy, ALIGNED, 1),
            f"robust accuracy at most {self.at_most:g}": (self.robust_accuracy, self.at_most, -1),
            f"robust accuracy at least {REFERENCE:g} when trained on uncorrelated data": (
                self.reference_robust_accuracy, REFERENCE, 1,
            ),
            "the ideal observer significantly above ERM": (below, 2 * NOISE, 1),  # 0 itself does not suffice
        }  # fmt: skip
        return {name: None if a is None else sign * (a - limit) for name, (a, limit, sign) in margins.items()}

    @property
    def missed(self) -> dict[str, float]:
        """By how much each criterion that is not met is missed."""
        return {name: -each for name, each in self.margins.items() if each is not None and each < -NOISE}


@dataclass(frozen=True)
class ErmFailure(Section):
    """ERM's failure on the main tasks; `thresholds` are minima that all of them share."""

    STILL: ClassVar[str] = (
        "Where only the limit on robust accuracy is missed, correlations still cost ERM what separates it from the "
        "same model trained without them, which is less than was asked for."
    )
    thresholds: dict[str, float]
    tasks: dict[str, TaskFailure]

    def summary(self) -> str:
        """Return ERM's accuracies in a sentence."""
        if all(task.robust_accuracy is None and task.reference_robust_accuracy is None for task in self.tasks.values()):
            return ""
        worst = by_task(self.tasks, lambda task: number(task.robust_accuracy, ".2f"))
        aligned = by_task(self.tasks, lambda task: number(task.aligned_accuracy, ".2f"))
        reference = by_task(self.tasks, lambda task: number(task.reference_robust_accuracy, ".2f"))
        ideal = by_task(self.tasks, lambda task: number(task.ideal_robust_accuracy, ".2f"))
        return (
            f"ERM's robust accuracy is {worst}, the ideal observer's {ideal}; ERM's accuracy where all channels align "
            f"is {aligned}, and its robust accuracy when trained on uncorrelated data {reference}.{self._missed()}"
        )

    def _missed(self) -> str:
        """Return the criteria that are not met, on which tasks, and by how much."""
        found: dict[str, list[str]] = {}
        for name, task in self.tasks.items():
            for criterion, short in task.missed.items():
                found.setdefault(criterion, []).append(f"by {number(short, '.3f')} on {as_markdown(name)}")
        missed = "; ".join(f"{criterion}, {and_list(where)}" for criterion, where in found.items())
        return f" Missed: {missed}." if missed else ""

    def tables(self) -> str:
        """Return the accuracies beside their thresholds."""
        lines = [
            {
                "Task": name,
                "Accuracy, all channels aligned": number(task.aligned_accuracy),
                "Robust accuracy": with_interval(task.robust_accuracy, task.interval),
                "At most": f"{task.at_most:g}",
                "Ideal observer": number(task.ideal_robust_accuracy),
                "Below the ideal observer": estimated(task.below_ideal, ".3f"),
                "Trained on uncorrelated data": number(task.reference_robust_accuracy),
                "Units": f"{counted(task.units, task.unit)}, {counted(task.reference_units, task.unit)}",
                "Holds": PASSED[task.passed],
            }
            for name, task in self.tasks.items()
        ]
        return with_note(NOTE, lines)

    def plot(self) -> Figure | None:
        """Draw three bars per task, a line at each threshold, and a dashed line at the ideal observer's metric."""
        tasks = self.tasks.values()
        if all(task.robust_accuracy is None and task.reference_robust_accuracy is None for task in tasks):
            return None
        figure, (axes,) = panels(1, 1, 1.5 + 1.6 * len(tasks), 2.8)
        limits, count = [task.at_most for task in tasks], len(tasks)
        aligned, references = [t.aligned_accuracy for t in tasks], [t.reference_robust_accuracy for t in tasks]
        bars = (
            (aligned, "ERM, all channels aligned", PALE, "", [ALIGNED] * count),
            ([t.robust_accuracy for t in tasks], "ERM, robust accuracy", INK, "", limits),
            (references, "the same, uncorrelated data", "white", "////", [REFERENCE] * count),
        )
        for place, (accuracies, label, colour, hatch, thresholds) in enumerate(bars):
            at = np.arange(count) + (place - 1) * 0.27
            heights = [np.nan if accuracy is None else accuracy for accuracy in accuracies]
            for x in at[np.isnan(heights)]:
                axes.text(x, 0.02, "missing", rotation=90, ha="center", va="bottom", color=GREY, fontsize=7)
            axes.bar(at, heights, 0.25, label=label, color=colour, edgecolor=INK, linewidth=0.6, hatch=hatch)
            axes.hlines(thresholds, at - 0.13, at + 0.13, color=GREY, linewidth=2)
        ideals = [(at, t.ideal_robust_accuracy) for at, t in enumerate(tasks) if t.ideal_robust_accuracy is not None]
        for order, (group, ideal) in enumerate(ideals):
            label = "" if order else "ideal observer, robust accuracy"
            axes.hlines(ideal, group - 0.45, group + 0.45, color=INK, linewidth=1.2, linestyle="--", label=label)
        axes.set_xticks(range(len(tasks)), list(self.tasks))
        axes.set_ylim(0, 1.02)
        axes.set_ylabel("accuracy (grey line: threshold)")
        figure.legend(loc="outside upper left", ncols=1)
        return figure


def examine(suite: RankedSuite) -> ErmFailure:
    """Compare ERM with the thresholds, on each main task."""
    tasks = {name: _failure(task) for name, task in suite.main.items()}
    missing = suite.missing({name: task.reason(ERM) for name, task in suite.main.items() if ERM not in task.rows})
    bare = [name for name, task in suite.main.items() if not task.references]
    missing += suite.missing(dict.fromkeys(bare, f"no {ERM} trained on uncorrelated data"), references=True)
    unknown = [name for name, task in suite.main.items() if task.ideal() is None]
    missing += suite.missing(dict.fromkeys(unknown, "no ideal observer"), ideals=True)
    thresholds = {"aligned_accuracy": ALIGNED, "reference_robust_accuracy": REFERENCE}
    return ErmFailure(all_passed(task.passed for task in tasks.values()), missing, thresholds, tasks)


def _failure(task: RankedTask) -> TaskFailure:
    row = task.rows.get(ERM)
    aligned = float(task.units(ERM, "aligned_accuracy").mean()) if row else None
    robust = task.estimate(ERM) if row else None
    of_reference = task.values.of(TaskRow(tuple(task.references)), RANKED_BY) if task.references else None
    reference = None if of_reference is None else float(of_reference.mean())
    excess, at_most = task.less_ideal(ERM) if row else None, ROBUST[task.unit]
    below = None if excess is None else mean_estimate(-excess, Spread(ends=ANY))
    found = TaskFailure(
        unit=task.unit,
        units=len(row) if row else 0,
        aligned_accuracy=aligned,
        robust_accuracy=None if robust is None else robust.value,
        interval=None if robust is None or robust.low is None else Interval(*robust.ends),
        at_most=at_most,
        ideal_robust_accuracy=task.ideal(),
        below_ideal=below,
        reference_units=len(task.references),
        reference_robust_accuracy=reference,
        passed=None,
    )
    # a mean over units that equals the threshold, but for rounding, meets it
    checks = [None if margin is None else margin >= -NOISE for margin in found.margins.values()]
    return replace(found, passed=all_passed(checks))
