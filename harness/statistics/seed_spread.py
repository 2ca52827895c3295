"""The variance over training seeds: too few seeds to resample, so a row's own and the pooled one are added as noise."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import norm, t

from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.statistics.bootstrap import named_generator

TAIL = 0.025


class SeedSpread(NamedTuple):
    """Holds the pooled standard deviation over seeds, and the degrees of freedom that it rests on."""

    deviation: float
    degrees: int


def pool(figures: Sequence[Float64]) -> SeedSpread | None:
    """Pools the variance over seeds within rows; None if no row varies.

    `figures`: a figure's values, float64 (S,) per row. Rows with one seed say nothing, and those whose
    seeds are all alike, such as a WGA of 0, say nothing of rows that are not stuck at a floor.
    """
    varied = [row for row in figures if len(row) > 1 and np.ptp(row) > 0]
    degrees = sum(len(row) - 1 for row in varied)
    if not degrees:
        return None
    squares = sum(float(np.square(row - row.mean()).sum()) for row in varied)
    return SeedSpread(float(np.sqrt(squares / degrees)), degrees)


def mean_deviation(figures: Float64, pooled: SeedSpread | None, *, own: bool = True) -> float:
    """Returns the standard deviation that seeds give a row's mean over them; 0 where no row of the task varies.

    `figures`: float64 (S,). The larger of the row's own deviation, unless `own` is False, and the pooled one, over
    sqrt(S): few seeds may lie close by luck, and only the pooled deviation knows it. Widened by Student's t, with
    the pooled degrees, over the normal quantile, since the tests that follow take it for known.
    """
    if pooled is None:
        return 0.0
    deviation = float(figures.std(ddof=1)) if own and len(figures) > 1 else 0.0
    widening = float(t.isf(TAIL, pooled.degrees) / norm.isf(TAIL))
    return max(deviation, pooled.deviation) / float(np.sqrt(len(figures))) * widening


def add_noise(replicates: Float64, deviation: float, *names: str) -> Float64:
    """Adds normal noise of this standard deviation, drawn for `names` alone: float64 (B,), the mean kept.

    `replicates`: float64 (B,), B at least 2.
    """
    noise = named_generator("seeds", *names).normal(size=len(replicates))
    noise -= noise.mean()
    widened: Float64 = replicates + noise * (deviation / noise.std(ddof=1))
    return widened
