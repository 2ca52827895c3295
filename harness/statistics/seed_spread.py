"""The variance over training seeds: too few seeds to resample, so it is added to the bootstrap as normal noise."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.bootstrap import named_generator

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


@cache
def _widening(degrees: int) -> float:
    """Return Student's t over the normal quantile: tests that follow take the deviation for known."""
    return float(stdtrit(degrees, TAIL) / ndtri(TAIL))


def mean_deviation(values: Float64, pooled: SeedSpread | None, *, own: bool = True) -> float:
    """Return the standard deviation of a row's mean over its seeds; 0 where no row of the task varies.

    `values`: float64 (S,). It is the larger of the row's own deviation, unless `own` is False, and the pooled one, over
    sqrt(S): few seeds may agree by luck, and only the pooled deviation shows it. It is widened by Student's t, with the
    pooled degrees of freedom.
    """
    if pooled is None:
        return 0.0
    deviation = float(values.std(ddof=1)) if own and len(values) > 1 else 0.0
    return max(deviation, pooled.deviation) / float(np.sqrt(len(values))) * _widening(pooled.degrees)


def add_noise(replicates: Float64, deviation: float, *names: str) -> Float64:
    """Return replicates with normal noise of this standard deviation and mean 0 added: float64 (B,).

    `replicates`: float64 (B,), B at least 2. The noise depends on `names` alone.
    """
    noise = named_generator("seeds", *names).normal(size=len(replicates))
    noise -= noise.mean()
    widened: Float64 = replicates + noise * (deviation / noise.std(ddof=1))
    return widened
