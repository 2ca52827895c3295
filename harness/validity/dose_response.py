"""Worst-group accuracy must fall, and spurious sensitivity rise, with the strength of the correlation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from spurgen.benchmark.suite import Task
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.board.rendering import p_text
from spurgen.harness.machine.plotting import GREY, INK
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.differences import ALPHA, holm
from spurgen.harness.statistics.units import Spread, fit_spread, paired
from spurgen.harness.validity._panels import panels
from spurgen.harness.validity._rows import RankedSuite
from spurgen.harness.validity._section import Section
from spurgen.harness.validity._tables import PASSED, number, with_interval, with_note

PLACE = 6
TITLE = "Dose response"


@dataclass(frozen=True)
class Trend:
    """A metric at each strength, and the slope of the straight line through them, per unit of strength.

    The interval and the p-values are None where there is no test: with one unit, or if all units are alike.
    `monotone`: no step is against the expected direction. `significant`: the slope has that direction, at 5 %,
    Holm-corrected over the methods.
    """

    figures: list[float]
    slope: float
    interval: tuple[float, float] | None
    p: float | None
    p_holm: float | None
    monotone: bool
    significant: bool


@dataclass(frozen=True)
class Response:
    """A method's two trends."""

    wga: Trend
    sss: Trend


@dataclass(frozen=True)
class DoseResponse(Section):
    """Responses of the methods; ERM alone must pass, since a method that avoids shortcuts has no trend."""

    tasks: list[str]
    strengths: list[float]
    methods: dict[str, Response]

    @property
    def verdict(self) -> str:
        """Verdict in words; a suite without a dose series is not judged."""
        return super().verdict if self.tasks or self.missing else "not judged: the suite has no task for it"

    def summary(self) -> str:
        """Return ERM's metrics at each strength in a sentence."""
        if ERM not in self.methods:
            return ""
        erm, strengths = self.methods[ERM], ", ".join(f"{strength:g}" for strength in self.strengths)
        wga, sss = (", ".join(f"{value:.2f}" for value in trend.figures) for trend in (erm.wga, erm.sss))
        return f"At strengths {strengths}, ERM's WGA is {wga} and its SSS {sss}."

    def tables(self) -> str:
        """Return both metrics at each strength, and their slopes."""
        lines = [
            {
                "Method": label,
                "Metric": name,
                **{f"{dose:g}": number(at) for dose, at in zip(self.strengths, trend.figures, strict=True)},
                "Slope (95 %)": with_interval(trend.slope, trend.interval, "+.3f"),
                "p, Holm": "-" if trend.p_holm is None else p_text(trend.p_holm),
                "Monotone": PASSED[trend.monotone],
                "Significant": PASSED[trend.significant],
            }
            for label, response in self.methods.items()
            for name, trend in (("WGA", response.wga), ("SSS", response.sss))
        ]
        note = (
            "Per method and strength; the slope is that of a straight line, per unit of strength, tested by a "
            "moderated t-test over units. Expected: WGA falls, SSS rises. ERM must show both; a method that avoids the "
            "shortcut need not."
        )
        return with_note(note, lines)

    def plot(self) -> Figure | None:
        """Draw WGA and SSS against strength, a panel per method, with ERM behind in grey."""
        if not self.methods:
            return None
        figure, axes = panels(len(self.methods), 6, 1.5, 1.6)
        for panel, (label, response) in zip(axes, self.methods.items(), strict=True):
            if ERM in self.methods and label != ERM:
                erm = self.methods[ERM]
                panel.plot(self.strengths, erm.wga.figures, "-", color=GREY, linewidth=0.8)
                panel.plot(self.strengths, erm.sss.figures, "--", color=GREY, linewidth=0.8)
            shared: dict[str, Any] = {"color": INK, "markersize": 3.5, "clip_on": False}
            panel.plot(self.strengths, response.wga.figures, "o-", label="WGA", **shared)
            panel.plot(self.strengths, response.sss.figures, "s--", mfc="white", label="SSS", **shared)
            panel.set_title(label, fontsize=8)
            panel.set_ylim(0, 1)
            panel.set_xticks(self.strengths)
        figure.supxlabel("strength of the correlation (grey: ERM)", fontsize=8)
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=2)
        return figure


def examine(suite: RankedSuite) -> DoseResponse:
    """Fit the trends of every method that is ranked at each strength of the series."""
    known = {name: strength_of(task.task) for name, task in suite.tasks.items() if task.task.role == "dose"}
    strengths = {name: strength for name, strength in known.items() if strength is not None}
    tasks = sorted(strengths, key=lambda name: strengths[name])
    doses, series = [strengths[name] for name in tasks], [suite.tasks[name] for name in tasks]
    labels = sorted({label for task in series for label in task.rows})
    absent = {label: [name for name in tasks if label not in suite.tasks[name].rows] for label in labels}
    complete = [label for label, names in absent.items() if not names and len(tasks) > 1]
    missing = suite.missing({label: f"not ranked on {', '.join(names)}" for label, names in absent.items() if names})
    if len(tasks) > 1 and ERM not in absent:
        missing += suite.missing({", ".join(tasks): f"no row of {ERM}"})
    wga = _trends(doses, [[task.units(label, "wga") for task in series] for label in complete], direction=-1)
    sss = _trends(doses, [[task.units(label, "sss") for task in series] for label in complete], direction=1)
    methods = {label: Response(*trends) for label, *trends in zip(complete, wga, sss, strict=True)}
    erm = methods.get(ERM)
    passed = None if erm is None else all(trend.monotone and trend.significant for trend in (erm.wga, erm.sss))
    return DoseResponse(passed, missing, tasks, doses, methods)


def strength_of(task: Task) -> float | None:
    """Return the strength that all channels have in all environments, or None if they differ."""
    scenario = task.scenario
    overrides = [environment.strength for environment in scenario.environments] or [{}]
    strengths = {o.get(name, channel.strength) for name, channel in scenario.channels.items() for o in overrides}
    strength = strengths.pop()
    return None if strengths or isinstance(strength, tuple) else strength


def _trends(doses: Sequence[float], rows: Sequence[Sequence[Float64]], direction: int) -> list[Trend]:
    """Fit a line to every row's values by unit, in which the metric should rise (`direction` 1) or fall (-1)."""
    lines = [_slopes(doses, row) for row in rows]
    spread = Spread(pairs=fit_spread(lines, bounded=False).rows, bounded=False)
    tests = [paired(slopes, np.zeros_like(slopes), spread) for slopes in lines]
    corrected = holm([None if test is None else test.p for test in tests])
    trends = []
    for row, slopes, test, p_holm in zip(rows, lines, tests, corrected, strict=True):
        points = [float(values.mean()) for values in row]
        monotone, slope = bool((np.diff(points) * direction >= 0).all()), float(slopes.mean())
        significant = p_holm is not None and p_holm < ALPHA and slope * direction > 0
        trends.append(Trend(points, slope, test and test.interval, test and test.p, p_holm, monotone, significant))
    return trends


def _slopes(doses: Sequence[float], row: Sequence[Float64]) -> Float64:
    """Return the least-squares slope over the doses of every unit that all have, float64 (W,)."""
    centred = np.array(doses) - np.mean(doses)
    common = min(len(values) for values in row)
    slopes: Float64 = (centred / (centred**2).sum()) @ np.array([values[:common] for values in row])
    return slopes
