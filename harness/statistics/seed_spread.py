"""The variance over training seeds, pooled over rows, since a single row has too few seeds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from spurgen.harness.metrics.arrays import Float64

TAIL = 0.025


class SeedSpread(NamedTuple):
    """The pooled standard deviation over seeds, and its degrees of freedom."""

    deviation: float
    degrees: int


def pool(rows: Sequence[Float64]) -> SeedSpread | None:
    """Pool the variance over seeds within rows; return None if no row varies.

    `rows`: a metric's value per seed, float64 (S,) for each row. Rows with one seed are left out, and so are those
    whose seeds are all equal, such as a WGA of 0: they do not show how seeds vary away from a floor.
    """
    varied = [row for row in rows if len(row) > 1 and np.ptp(row) > 0]
    degrees = sum(len(row) - 1 for row in varied)
    if not degrees:
        return None
    squares = sum(float(np.square(row - row.mean()).sum()) for row in varied)
    return SeedSpread(float(np.sqrt(squares / degrees)), degrees)


def mean_deviation(count: int, pooled: SeedSpread | None) -> float:
    """Return the standard deviation of a row's mean over `count` trainings; 0 where no row of the task varies.

    It is the pooled one, widened by Student's t with the pooled degrees of freedom, since tests treat it as known.
    """
    return float(pooled.deviation / np.sqrt(count) * (stdtrit(pooled.degrees, TAIL) / ndtri(TAIL))) if pooled else 0.0
