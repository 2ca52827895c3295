"""How small a true difference of robust accuracy can be and still be detected."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure
from scipy.special import stdtrit

from spurgen.harness.board.by_unit import Unit
from spurgen.harness.machine.plotting import INK, PALE
from spurgen.harness.statistics.differences import ALPHA
from spurgen.harness.statistics.standing import References
from spurgen.harness.statistics.units import pair_errors
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._rows import RankedSuite, RankedTask
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import by_task, counted, number, with_note

PLACE = 8
TITLE = "Minimum detectable difference"
POWER = 0.8


@dataclass(frozen=True)
class Detectable:
    """Minimum detectable differences of robust accuracy on a task, for the median pair and the noisiest tenth.

    `pair` is for one pair alone; `all_pairs` for one of all `pairs` of the `rows` with enough units, beside the
    `told_apart` that differ significantly. `error`: the moderated standard error of a difference, with `degrees` of
    freedom.
    """

    unit: Unit
    units: int
    rows: int
    pairs: int
    told_apart: int
    degrees: float
    error: float
    pair: float
    all_pairs: float
    error_of_noisiest: float
    pair_of_noisiest: float
    all_pairs_of_noisiest: float

    @property
    def units_text(self) -> str:
        """Number of units with their noun."""
        return counted(self.units, self.unit)


@dataclass(frozen=True)
class DetectableDifferences(Section):
    """Minimum detectable differences on every task that has two rows."""

    JUDGED: ClassVar[bool] = False
    tasks: dict[str, Detectable]
    alpha: float
    power: float
    main: list[str]

    def summary(self) -> str:
        """Return the differences in a sentence."""
        if not self.tasks:
            return ""
        pairs = by_task(self.tasks, lambda task: f"{task.pairs}", self.main)
        differences = by_task(
            self.tasks, lambda task: f"{number(task.all_pairs, '.2f')} with {task.units_text}", self.main
        )
        power = f"With {100 * self.power:.0f} % power"
        return f"{power}, as one of all pairs of rows, {pairs}: {differences}."

    def tables(self) -> str:
        """Return a line per task."""
        lines = [
            {"Task": name, "Rows": task.rows, "Units": task.units_text, "One pair": number(task.pair),
             "One of all pairs": number(task.all_pairs), "Pairs": task.pairs,
             "Told apart": task.told_apart,
             "One pair, noisiest tenth": number(task.pair_of_noisiest),
             "One of all, noisiest tenth": number(task.all_pairs_of_noisiest)}
            for name, task in self.tasks.items()
        ]  # fmt: skip
        note = (
            f"The true difference of robust accuracy that is detected at {100 * self.alpha:.0f} % with "
            f"{100 * self.power:.0f} % power: (t(1 - alpha / 2) + t(power)) times the moderated standard error of the "
            "difference, for the median pair of methods and for the pair that is noisier than nine in ten. "
            "As one of all pairs: alpha is 5 % times the share of pairs that are told apart."
        )
        return with_note(note, lines)

    def plot(self) -> Figure | None:
        """Draw two bars per task, with a line up to the noisiest tenth."""
        tasks = self.tasks.values()
        if not tasks:
            return None
        figure, (axes,) = panels(1, 1, 6.0, 1.2 + 0.42 * len(tasks))
        at = np.arange(len(tasks))
        pairs = [(task.pair, task.pair_of_noisiest) for task in tasks]
        all_pairs = [(task.all_pairs, task.all_pairs_of_noisiest) for task in tasks]
        bars = ((-0.18, pairs, "one pair", PALE), (0.18, all_pairs, "one of all pairs", INK))
        for shift, spans, label, colour in bars:
            median, noisiest = np.transpose(spans)
            axes.barh(at + shift, median, 0.34, label=label, color=colour, edgecolor=INK, linewidth=0.6)
            axes.hlines(at + shift, median, noisiest, color=INK, linewidth=0.8)
        axes.set_yticks(at, [f"{name} ({task.units_text})" for name, task in self.tasks.items()])
        axes.invert_yaxis()
        axes.set_xlabel("robust accuracy (line: up to the noisiest tenth of pairs)")
        figure.legend(loc="outside upper left", ncols=2)
        return figure


def examine(suite: RankedSuite) -> DetectableDifferences:
    """Measure the errors of all pairs of rows with enough units for a rank."""
    tasks = {name: _detectable(task) for name, task in suite.tasks.items() if len(task.full) > 1}
    short = [name for name in suite.tasks if name not in tasks]
    missing = suite.missing(dict.fromkeys(short, "fewer than two ranked rows"))
    return DetectableDifferences(None, missing, tasks, ALPHA, POWER, list(suite.main))


def _detectable(task: RankedTask) -> Detectable:
    rows = [task.units(label) for label in task.full]
    errors, degrees = pair_errors(rows, task.spread())
    degree, pairs = float(degrees.min()), len(errors)
    told_apart = int(References.of(rows, task.spread()).differ().sum()) // 2
    level = ALPHA * max(told_apart, 1) / pairs
    median, noisiest = (
        (error, detectable(error, degree), detectable(error, degree, level))
        for error in np.quantile(errors, (0.5, 0.9)).tolist()
    )
    return Detectable(task.unit, min(map(len, rows)), len(rows), pairs, told_apart, degree, *median, *noisiest)


def detectable(error: float, degrees: float, alpha: float = ALPHA, *, power: float = POWER) -> float:
    """Return (t(1 - alpha / 2) + t(power)) * error, t Student's quantile.

    `error`: the standard error of the estimated difference. A two-sided t-test at `alpha` detects a true difference of
    that size with about probability `power` (Cohen 1988; the other tail is neglected).
    """
    return float((stdtrit(degrees, power) - stdtrit(degrees, alpha / 2)) * error)
