"""Plain training must fail where shortcuts mislead, and succeed where there are none to learn."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.by_unit import RANKED_BY
from spurgen.harness.machine.plotting import GREY, INK, PALE
from spurgen.harness.metrics.intervals import Interval
from spurgen.harness.results.rows import TaskRow
from spurgen.harness.statistics.differences import NOISE
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._rows import RankedSuite, RankedTask, all_passed
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import PASSED, by_task, number, table, with_interval

PLACE = 1
TITLE = "ERM fails, and the shortcut is why"
ALIGNED, ROBUST, REFERENCE = 0.95, 0.5, 0.95


@dataclass(frozen=True)
class TaskFailure:
    """ERM's metrics on a task, and those of the same model trained on uncorrelated data."""

    seeds: int
    aligned_accuracy: float | None
    robust_accuracy: float | None
    interval: Interval | None
    reference_seeds: int
    reference_robust_accuracy: float | None
    passed: bool | None


@dataclass(frozen=True)
class ErmFailure(Section):
    """ERM's failure on the main tasks; `thresholds` are minima, except that of `robust_accuracy`, a maximum."""

    thresholds: dict[str, float]
    tasks: dict[str, TaskFailure]

    def summary(self) -> str:
        """Return ERM's accuracies in a sentence."""
        worst = by_task(self.tasks, lambda task: number(task.robust_accuracy, ".2f"))
        aligned = by_task(self.tasks, lambda task: number(task.aligned_accuracy, ".2f"))
        reference = by_task(self.tasks, lambda task: number(task.reference_robust_accuracy, ".2f"))
        return (
            f"ERM's robust accuracy is {worst}, its accuracy where all channels align {aligned}; trained on "
            f"uncorrelated data, its robust accuracy is {reference}."
        )

    def tables(self) -> str:
        """Return the accuracies beside their thresholds."""
        lines = [
            {
                "Task": name,
                f"Accuracy, all channels aligned (at least {ALIGNED})": number(task.aligned_accuracy),
                f"Robust accuracy (at most {ROBUST})": with_interval(task.robust_accuracy, task.interval),
                f"Trained on uncorrelated data (at least {REFERENCE})": number(task.reference_robust_accuracy),
                "Seeds": f"{task.seeds} and {task.reference_seeds}",
                "Passed": PASSED[task.passed],
            }
            for name, task in self.tasks.items()
        ]
        return table(lines)

    def plot(self) -> Figure | None:
        """Draw three bars per task, with a line at each threshold."""
        tasks = self.tasks.values()
        if all(task.robust_accuracy is None and task.reference_robust_accuracy is None for task in tasks):
            return None
        figure, (axes,) = panels(1, 1, 1.5 + 1.6 * len(tasks), 2.8)
        bars = (
            ([task.aligned_accuracy for task in tasks], "ERM, all channels aligned", PALE, "", ALIGNED),
            ([task.robust_accuracy for task in tasks], "ERM, robust accuracy", INK, "", ROBUST),
            ([t.reference_robust_accuracy for t in tasks], "the same, uncorrelated data", "white", "////", REFERENCE),
        )
        for place, (accuracies, label, colour, hatch, threshold) in enumerate(bars):
            at = np.arange(len(tasks)) + (place - 1) * 0.27
            heights = [accuracy or 0.0 for accuracy in accuracies]
            axes.bar(at, heights, 0.25, label=label, color=colour, edgecolor=INK, linewidth=0.6, hatch=hatch)
            axes.hlines([threshold] * len(tasks), at - 0.13, at + 0.13, color=GREY, linewidth=2)
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
    thresholds = {"aligned_accuracy": ALIGNED, "robust_accuracy": ROBUST, "reference_robust_accuracy": REFERENCE}
    return ErmFailure(all_passed(task.passed for task in tasks.values()), missing, thresholds, tasks)


def _failure(task: RankedTask) -> TaskFailure:
    row = task.rows.get(ERM)
    aligned = float(task.units(ERM, "aligned_accuracy").mean()) if row else None
    robust = task.estimate(ERM) if row else None
    of_reference = task.values.of(TaskRow(tuple(task.references)), RANKED_BY) if task.references else None
    reference = None if of_reference is None else float(of_reference.mean())
    checks = [  # a mean over units that equals the threshold, but for rounding, meets it
        None if aligned is None else aligned >= ALIGNED - NOISE,
        None if robust is None else robust.value <= ROBUST + NOISE,
        None if reference is None else reference >= REFERENCE - NOISE,
    ]
    return TaskFailure(
        seeds=len(row) if row else 0,
        aligned_accuracy=aligned,
        robust_accuracy=None if robust is None else robust.value,
        interval=None if robust is None or robust.low is None else Interval(*robust.ends),
        reference_seeds=len(task.references),
        reference_robust_accuracy=reference,
        passed=all_passed(checks),
    )
