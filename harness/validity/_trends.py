"""How a metric changes with strength: the slope of a straight line, also of what exceeds the ideal observer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.metrics.intervals import Interval
from spurgen.harness.statistics.differences import ALPHA, holm
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import ANY, Spread, fit_spread, from_zero, mean_estimate
from spurgen.harness.validity._rows import RankedTask
from spurgen.harness.validity._series import crossing


@dataclass(frozen=True)
class Slope:
    """The slope of a straight line through a metric at each strength, per unit of strength.

    The interval, the p-values and `significant` are None where there is no test: with one unit, or if all units are
    alike. `significant`: the slope has the expected direction, at 5 %, Holm-corrected over the methods.
    """

    slope: float
    interval: Interval | None
    p: float | None
    p_holm: float | None
    significant: bool | None


@dataclass(frozen=True)
class Trend:
    """A metric at each strength, beside the ideal observer's.

    `monotone`: no step is against the expected direction. `excess`: of the metric less the ideal observer's, None, as
    is `ideal`, if the latter is not stored.
    """

    figures: list[float]
    ideal: list[float] | None
    slope: Slope
    excess: Slope | None
    monotone: bool


@dataclass(frozen=True)
class EvenPull:
    """The strength at which reliance equals core use: below, between or above the series' strengths, by their means.

    `strength`: mean over units, None unless every unit has one between the series' strengths.
    """

    where: Literal["below", "between", "above"]
    strength: Estimate | None


def trends(
    strengths: Sequence[float], series: Sequence[RankedTask], labels: Sequence[str], metric: str, direction: int
) -> list[Trend]:
    """Fit a line to every row's metric, which should rise (`direction` 1) or fall (-1) with strength."""
    rows = [[task.units(label, metric) for task in series] for label in labels]
    ideals = [task.ideal(metric) for task in series]
    known = [ideal for ideal in ideals if ideal is not None]
    slopes = _slopes([_by_unit(strengths, row) for row in rows], direction)
    excesses: Sequence[Slope | None] = [None] * len(rows)
    if len(known) == len(series):
        less = [[task.less_ideal(label, metric) for task in series] for label in labels]
        excesses = _slopes([_by_unit(strengths, [e for e in row if e is not None]) for row in less], direction)
    found = []
    for row, slope, excess in zip(rows, slopes, excesses, strict=True):
        points = [float(values.mean()) for values in row]
        monotone = bool((np.diff(points) * direction >= 0).all())
        found.append(Trend(points, known if excess else None, slope, excess, monotone))
    return found


def _slopes(lines: Sequence[Float64], direction: int) -> list[Slope]:
    """Test every row's mean slope, from its slopes by unit, float64 (W,), by a moderated t-test."""
    spread = fit_spread(lines, ANY)
    tests = [from_zero(slopes, spread) for slopes in lines]
    corrected = holm([None if test is None else test.p for test in tests])
    found = []
    for slopes, test, p_holm in zip(lines, tests, corrected, strict=True):
        slope = float(slopes.mean())
        significant = None if p_holm is None else p_holm < ALPHA and slope * direction > 0
        found.append(Slope(slope, test and test.interval, test and test.p, p_holm, significant))
    return found


def _by_unit(strengths: Sequence[float], row: Sequence[Float64]) -> Float64:
    """Return the least-squares slope over the strengths of every unit that all tasks have, float64 (W,)."""
    centred = np.array(strengths) - np.mean(strengths)
    slopes: Float64 = (centred / (centred**2).sum()) @ _stacked(row)
    return slopes


def _stacked(row: Sequence[Float64]) -> Float64:
    common = min(len(values) for values in row)
    return np.array([values[:common] for values in row])


def even_pull(strengths: Sequence[float], series: Sequence[RankedTask], label: str) -> EvenPull | None:
    """Return where core and shortcut pull evenly on a row, or None if its results lack core use."""
    if not all(task.has(label, "core_use") for task in series):
        return None
    by_metric = [_stacked([task.units(label, metric) for task in series]) for metric in ("reliance", "core_use")]
    differences = by_metric[0] - by_metric[1]
    mean = differences.mean(axis=1)
    if crossing(strengths, mean) is None:
        return EvenPull("below" if mean[0] > 0 else "above", None)
    of_units = [crossing(strengths, unit) for unit in differences.T]
    known = np.array([strength for strength in of_units if strength is not None])
    complete = len(known) == len(of_units)
    return EvenPull("between", mean_estimate(known, Spread(ends=ANY)) if complete else None)
