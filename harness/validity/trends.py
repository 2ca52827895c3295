"""How a metric changes with strength: the slope of a straight line, also of what exceeds the ideal observer."""

from collections.abc import Sequence

import numpy as np

from spurgen.harness.board.columns import Line
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.differences import ALPHA, holm
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.units import ANY, Spread, fit_spread, from_zero, mean_estimate
from spurgen.harness.validity.answer import flat
from spurgen.harness.validity.series import crossing
from spurgen.harness.validity.suite import RankedTask


def trends(
    strengths: Sequence[float], series: Sequence[RankedTask], labels: Sequence[str], metric: str, direction: int
) -> list[Line]:
    """Fit a line to every row's metric, which should rise (`direction` 1) or fall (-1) with strength.

    `at 0.8`: its mean at that strength. `slope`: per unit of strength; `excess`: that of the metric less the ideal
    observer's, absent if that is not stored. `..._significant`: in the expected direction, at 5 %, Holm over the
    methods; None, as the p-values are, where there is no test: with one unit, or if all units are alike. `monotone`:
    no step is against the expected direction.
    """
    rows = [[task.units(label, metric) for task in series] for label in labels]
    columns = [_slopes("slope", [_by_unit(strengths, row) for row in rows], direction)]
    less = [[task.less_ideal(label, metric) for task in series] for label in labels]
    known = [[each for each in row if each is not None] for row in less]
    if all(task.ideal(metric) is not None for task in series):
        columns.append(_slopes("excess", [_by_unit(strengths, row) for row in known], direction))
    found: list[Line] = []
    for label, row, *parts in zip(labels, rows, *columns, strict=True):
        means = [float(values.mean()) for values in row]
        monotone = bool((np.diff(means) * direction >= 0).all())
        slopes = {key: value for part in parts for key, value in part.items()}
        found.append({"submission": label, "metric": metric, **at(strengths, means), **slopes, "monotone": monotone})
    return found


def at(strengths: Sequence[float], means: Sequence[float]) -> dict[str, float]:
    """Return the columns of a metric by strength."""
    return {f"at {strength:g}": mean for strength, mean in zip(strengths, means, strict=True)}


def _slopes(name: str, lines: Sequence[Float64], direction: int) -> list[Line]:
    """Test every row's mean slope, from its slopes by unit, float64 (W,), by a moderated t-test."""
    spread = fit_spread(lines, ANY)
    tests = [from_zero(slopes, spread) for slopes in lines]
    corrected = holm([None if test is None else test.p for test in tests])
    found: list[Line] = []
    for slopes, test, p_holm in zip(lines, tests, corrected, strict=True):
        slope = Estimate(float(slopes.mean()), *(test.interval if test else ()))
        significant = None if p_holm is None else p_holm < ALPHA and slope.value * direction > 0
        tested = {f"p_{name}": test and test.p, f"p_{name}_holm": p_holm, f"{name}_significant": significant}
        found.append({**flat(**{name: slope}), **tested})
    return found


def _by_unit(strengths: Sequence[float], row: Sequence[Float64]) -> Float64:
    """Return the least-squares slope over the strengths of every unit that all tasks have, float64 (W,)."""
    centred = np.array(strengths) - np.mean(strengths)
    slopes: Float64 = (centred / (centred**2).sum()) @ _stacked(row)
    return slopes


def _stacked(row: Sequence[Float64]) -> Float64:
    common = min(len(values) for values in row)
    return np.array([values[:common] for values in row])


def even_pull(strengths: Sequence[float], series: Sequence[RankedTask], label: str) -> Line | None:
    """Return where reliance equals core use: `below`, `between` or `above` the strengths, by the means over units.

    `strength` is a mean over units, None unless every unit has one between the strengths. None if a result lacks core
    use.
    """
    if not all(task.has(label, "core_use") for task in series):
        return None
    by_metric = [_stacked([task.units(label, metric) for task in series]) for metric in ("reliance", "core_use")]
    differences = by_metric[0] - by_metric[1]
    mean = differences.mean(axis=1)
    if crossing(strengths, mean) is None:
        return {"submission": label, "where": "below" if mean[0] > 0 else "above", **flat(strength=None)}
    of_units = [crossing(strengths, unit) for unit in differences.T]
    known = np.array([strength for strength in of_units if strength is not None])
    strength = mean_estimate(known, Spread(ends=ANY)) if len(known) == len(of_units) else None
    return {"submission": label, "where": "between", **flat(strength=strength)}
