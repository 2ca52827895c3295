"""Rank correlation between two lists of metrics of the same methods, with a bootstrap interval."""

from typing import NamedTuple

import numpy as np

from spurgen.harness.metrics import percentile_interval
from spurgen.harness.metrics.arrays import Float64, Scores
from spurgen.harness.statistics.bootstrap import group_bootstrap_weights

MIN_METHODS = 5  # a rank correlation over fewer is next to meaningless
REPLICATES = 1000


class Correlation(NamedTuple):
    """Spearman's rho and its 95 % interval, each None if a list is all ties."""

    rho: float | None
    interval: tuple[float, float] | None


def spearman(first: Scores, second: Scores) -> Float64:
    """Return Spearman's rho along the last axis; ties get their mean rank, and a list of ties alone gives NaN.

    `first`, `second`: real (..., n). Returns float64 (...,).
    """
    ranks = [_mean_ranks(values) for values in (first, second)]
    centred = [values - values.mean(axis=-1, keepdims=True) for values in ranks]
    product = (centred[0] * centred[1]).sum(axis=-1)
    norms = np.sqrt((centred[0] ** 2).sum(axis=-1) * (centred[1] ** 2).sum(axis=-1))
    rho: Float64 = np.divide(product, norms, out=np.full(np.shape(product), np.nan), where=norms > 0)
    return rho


def _mean_ranks(values: Scores) -> Float64:
    """Return ranks along the last axis, ties at their mean: as `scipy.stats.rankdata`, which takes longer to import."""
    others, each = values[..., None, :], values[..., :, None]
    ranks: Float64 = (others < each).sum(axis=-1) + ((others == each).sum(axis=-1) + 1) / 2
    return ranks


def correlate(points: Scores, others: Scores, replicates: Scores | None, name: str) -> Correlation:
    """Correlate two lists of n metrics, with the percentile bootstrap's interval.

    `points`, `others`: real (n,). `replicates`: real (n, B) of `points`, or None if only points are known. A bootstrap
    replicate draws n methods with replacement and gives each its value in that replicate, so the interval covers the
    choice of methods and the units of `points`; `others` are taken as exact. Replicates in which a list is
    all ties have no rho and are left out. `name` keys the draws.
    """
    rho = float(spearman(points, others))
    if np.isnan(rho):
        return Correlation(None, None)
    count = len(points)
    values = np.repeat(points[:, None], REPLICATES, axis=1) if replicates is None else replicates
    times = group_bootstrap_weights(np.zeros(count, np.int64), values.shape[1], f"methods/{name}")
    drawn = np.repeat(np.tile(np.arange(count), len(times)), times.ravel()).reshape(len(times), count)
    resampled = spearman(values[drawn, np.arange(len(times))[:, None]], others[drawn])
    low, high = percentile_interval(resampled[~np.isnan(resampled)])
    return Correlation(rho, (low, high))
