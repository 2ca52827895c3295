"""Rank correlation between two lists of figures for the same methods, with a bootstrap interval."""

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from spurgen.harness.metrics import percentile_interval
from spurgen.harness.metrics.arrays import Float64, Scores
from spurgen.harness.statistics.bootstrap import group_bootstrap_weights

FEWEST = 5  # methods; with fewer a rank correlation says next to nothing
REPLICATES = 1000


class Correlation(NamedTuple):
    """Holds Spearman's rho and the ends of its 95 % interval, each None where a list is all ties."""

    rho: float | None
    interval: tuple[float, float] | None


def spearman(first: Scores, second: Scores) -> Float64:
    """Returns Spearman's rho along the last axis, ties at their mean rank, NaN where a list is all ties.

    `first`, `second`: real (..., n). Returns float64 (...,).
    """
    ranks = [rankdata(some, axis=-1) for some in (first, second)]
    centred = [some - some.mean(axis=-1, keepdims=True) for some in ranks]
    product = (centred[0] * centred[1]).sum(axis=-1)
    norms = np.sqrt((centred[0] ** 2).sum(axis=-1) * (centred[1] ** 2).sum(axis=-1))
    rho: Float64 = np.divide(product, norms, out=np.full(np.shape(product), np.nan), where=norms > 0)
    return rho


def correlate(points: Scores, others: Scores, replicates: Scores | None, name: str) -> Correlation:
    """Correlates figures of n methods; the interval is the percentile bootstrap's.

    `points`, `others`: real (n,). `replicates`: real (n, B) of `points`, or None where only points are
    known. A replicate draws n methods with replacement and gives each its figure in that replicate, so
    that the interval speaks of other methods, and of other seeds and samples of ours; `others` are taken
    as they stand. Replicates in which a list is all ties have no rho and are left out. `name` keys
    the draws.
    """
    rho = float(spearman(points, others))
    if np.isnan(rho):
        return Correlation(None, None)
    count = len(points)
    repeated = np.repeat(points[:, None], REPLICATES, axis=1) if replicates is None else replicates
    times = group_bootstrap_weights(np.zeros(count, np.int64), repeated.shape[1], f"methods/{name}")
    drawn = np.repeat(np.tile(np.arange(count), len(times)), times.ravel()).reshape(len(times), count)
    redrawn = spearman(repeated[drawn, np.arange(len(times))[:, None]], others[drawn])
    low, high = percentile_interval(redrawn[~np.isnan(redrawn)])
    return Correlation(rho, (low, high))
