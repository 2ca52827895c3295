"""Variance components of a table of rows by units: what of the scores' variance is between rows, and between units."""

import numpy as np
from scipy.special import fdtri

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.estimate import NOISE, Estimate
from spurgen.harness.statistics.units import TAIL


def share_between_units(table: Float64) -> Estimate | None:
    """Return which share of the variance of scores, float64 (R, W), is between units, for all rows alike.

    The other two components are between rows, and what is left. They are estimated by mean squares of the two-way
    table without replication, negative ones as 0 (Searle, Casella & McCulloch 1992, section 4.7). The 95 % interval is
    that of the F distribution for the ratio of the units' component to what is left, with the rows' share of the rest
    as estimated: rows are not drawn at random. None where there are fewer than two rows or units, or nothing is left.
    """
    rows, units = table.shape
    if min(rows, units) < 2:
        return None
    of_rows, of_units = table.mean(axis=1), table.mean(axis=0)
    left = table - of_rows[:, None] - of_units + table.mean()
    degrees = units - 1, (rows - 1) * (units - 1)
    rest = float(np.square(left).sum()) / degrees[1]
    if rest < NOISE**2:
        return None
    between_rows = max(float(of_rows.var(ddof=1)) / rest - 1 / units, 0.0)
    ratios = rows * float(of_units.var(ddof=1)) / rest / np.array([1.0, *fdtri(*degrees, [1 - TAIL, TAIL])])
    between_units = np.maximum(ratios - 1, 0) / rows
    return Estimate(*(between_units / (between_units + between_rows + 1)).tolist())
