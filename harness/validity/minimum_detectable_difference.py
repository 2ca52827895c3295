"""How small a true difference of worst-group accuracy can be and still be detected."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure
from scipy.special import ndtri

from spurgen.harness.machine.plotting import INK, PALE
from spurgen.harness.statistics import ALPHA
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._rows import RankedSuite, RankedTask
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import by_task, number, with_note

PLACE = 7
TITLE = "Minimum detectable difference"
SEEDS, POWER = 5, 0.8


@dataclass(frozen=True)
class Detectable:
    """Minimum detectable differences of WGA on a task, for the median pair of methods and the noisiest tenth.

    `pair` is for one pair alone, `all_pairs` for the first step of Holm's correction over the `pairs` that all ranked
    rows make. `rows`: how many of them have the `seeds` that are compared.
    """

    seeds: int
    rows: int
    pairs: int
    spread: float
    pair: float
    all_pairs: float
    spread_of_noisiest: float
    pair_of_noisiest: float
    all_pairs_of_noisiest: float

    @property
    def seeds_text(self) -> str:
        """Number of seeds with its noun."""
        return f"{self.seeds} seed{'s' * (self.seeds > 1)}"


@dataclass(frozen=True)
class DetectableDifferences(Section):
    """Minimum detectable differences on every task that has two rows."""

    JUDGED: ClassVar[bool] = False
    tasks: dict[str, Detectable]
    seeds_wanted: int
    alpha: float
    power: float
    main: list[str]

    def summary(self) -> str:
        """Return the differences in a sentence."""
        if not self.tasks:
            return ""
        pairs = by_task(self.tasks, lambda task: f"{task.pairs}", self.main)
        differences = by_task(
            self.tasks, lambda task: f"{number(task.all_pairs, '.2f')} with {task.seeds_text}", self.main
        )
        power = f"With {100 * self.power:.0f} % power"
        return f"{power}, after Holm over all pairs of rows, {pairs}: {differences}."

    def tables(self) -> str:
        """Return a line per task."""
        lines = [
            {"Task": name, "Rows": task.rows, "Seeds": task.seeds, "One pair": number(task.pair),
             "After Holm over all pairs": number(task.all_pairs), "Pairs": task.pairs,
             "One pair, noisiest tenth": number(task.pair_of_noisiest),
             "After Holm, noisiest tenth": number(task.all_pairs_of_noisiest)}
            for name, task in self.tasks.items()
        ]  # fmt: skip
        note = (
            f"The true difference of WGA that is detected at {100 * self.alpha:.0f} % with {100 * self.power:.0f} % "
            "power: (z(1 - alpha / 2) + z(power)) times the paired bootstrap's standard deviation of the difference, "
            "for the median pair of methods and for the pair that is noisier than nine in ten."
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
        bars = ((-0.18, pairs, "one pair", PALE), (0.18, all_pairs, "after Holm, all pairs", INK))
        for shift, spans, label, colour in bars:
            median, noisiest = np.transpose(spans)
            axes.barh(at + shift, median, 0.34, label=label, color=colour, edgecolor=INK, linewidth=0.6)
            axes.hlines(at + shift, median, noisiest, color=INK, linewidth=0.8)
        axes.set_yticks(at, [f"{name} ({task.seeds_text})" for name, task in self.tasks.items()])
        axes.invert_yaxis()
        axes.set_xlabel("smallest difference of WGA (line: up to the noisiest tenth of pairs)")
        figure.legend(loc="outside upper left", ncols=2)
        return figure


def examine(suite: RankedSuite) -> DetectableDifferences:
    """Measure the spreads of pairs of ranked rows, cut to the seeds that half of them have, five at most."""
    tasks = {name: _detectable(task) for name, task in suite.tasks.items() if len(task.rows) > 1}
    short = [name for name in suite.tasks if name not in tasks or tasks[name].seeds < SEEDS]
    missing = suite.missing(dict.fromkeys(short, f"fewer than two ranked rows with {SEEDS} seeds"))
    return DetectableDifferences(None, missing, tasks, SEEDS, ALPHA, POWER, list(suite.main))


def _detectable(task: RankedTask) -> Detectable:
    counts = sorted((min(len(row), SEEDS) for row in task.rows.values()), reverse=True)
    seeds = counts[len(counts) // 2]  # the most that half of the rows have, and at least two rows
    labels = [label for label, row in task.rows.items() if len(row) >= seeds]
    replicates = [task.wga(label, seeds).replicates for label in labels]
    spreads = [float((first - second).std(ddof=1)) for first, second in combinations(replicates, 2)]
    pairs = math.comb(len(task.rows), 2)
    median, noisiest = (
        (spread, detectable(spread), detectable(spread, pairs)) for spread in np.quantile(spreads, (0.5, 0.9)).tolist()
    )
    return Detectable(seeds, len(labels), pairs, *median, *noisiest)


def detectable(spread: float, pairs: int = 1, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return (z(1 - alpha / (2 pairs)) + z(power)) * spread, z the standard normal quantile.

    `spread`: the standard deviation of the estimated difference, by the paired bootstrap. A two-sided z-test at
    alpha / pairs, the first step of Holm's correction, detects a true difference of that size with probability `power`
    (Cohen 1988; the other tail is neglected). Later steps have larger alphas, so this is the largest difference needed.
    """
    return float((ndtri(power) - ndtri(alpha / (2 * pairs))) * spread)
