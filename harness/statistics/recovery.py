"""Normalised gap recovered: how much of what shortcuts cost ERM a row wins back, over a set of tasks."""

from collections.abc import Sequence

import numpy as np

from spurgen.harness.metrics.arrays import Float64

LEAST_GAP = 0.05  # of a unit; a smaller one is noise, and a ratio to it says nothing


def gap_recovered(row: Float64, erm: Float64, uncorrelated: Float64) -> Float64 | None:
    """Return (row - ERM) / (ERM trained on uncorrelated data - ERM) on every unit that all three have: float64 (W,).

    0 is ERM, 1 is training without the correlations; below 0 a row is worse than ERM. Arguments: a metric by unit,
    float64 (W1,), (W2,), (W3,). Return None where no unit is common, or the gap of one is below `LEAST_GAP`.
    """
    common = min(len(row), len(erm), len(uncorrelated))
    gap = uncorrelated[:common] - erm[:common]
    if not common or gap.min() < LEAST_GAP:
        return None
    recovered: Float64 = (row[:common] - erm[:common]) / gap
    return recovered


def mean_over_tasks(rows: Sequence[Float64]) -> Float64:
    """Return the mean over tasks of each unit that all have, float64 (W,); `rows`: a task's values each, (W_t,).

    Units of the same number count as one over tasks: the worlds of tasks of one scenario are the same.
    """
    mean: Float64 = by_common_unit(rows).mean(axis=0)
    return mean


def by_common_unit(rows: Sequence[Float64]) -> Float64:
    """Return the values of each task on the units that all have, float64 (T, W); `rows`: (W_t,) each."""
    common = min(len(row) for row in rows)
    return np.stack([row[:common] for row in rows])
