"""Rank correlation between two lists of metrics of the same methods, overall and within access tiers."""

from collections.abc import Sequence

import numpy as np

from spurgen.harness.metrics import percentile_interval
from spurgen.harness.metrics.arrays import Bool, Float64, Int64, Scores
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.statistics.samples import named_generator

MIN_METHODS = 5  # a rank correlation over fewer is almost meaningless
REPLICATES = 1000


def rank_rho(first: Scores, second: Scores) -> Float64:
    """Return Spearman's rho along the last axis; ties get their mean rank, and a list of ties alone gives NaN.

    `first`, `second`: real (..., n). Returns float64 (...,).
    """
    ranks = [_mean_ranks(values) for values in (first, second)]
    return _cosine(*(values - values.mean(axis=-1, keepdims=True) for values in ranks))


def _mean_ranks(values: Scores) -> Float64:
    """Return ranks along the last axis, ties at their mean: as `scipy.stats.rankdata`, which takes longer to import."""
    others, each = values[..., None, :], values[..., :, None]
    ranks: Float64 = (others < each).sum(axis=-1) + ((others == each).sum(axis=-1) + 1) / 2
    return ranks


def partial_spearman(first: Scores, second: Scores, strata: Int64) -> Float64:
    """Return Spearman's rho given the stratum, along the last axis (Liu et al. 2018, Biometrics 74, 595-605).

    It is the correlation of the probability-scale residuals: the share of an item's stratum that lies below it, less
    the share above it. So it depends only on the order within strata, has Spearman's scale, and is `rank_rho` if there
    is one stratum. A stratum of one item, or of ties alone, adds nothing; without any other it is NaN. `first`,
    `second`: real (..., n). `strata`: integers (..., n). Returns float64 (...,).
    """
    same = strata[..., None, :] == strata[..., :, None]
    return _cosine(_residuals(first, same), _residuals(second, same))


def _residuals(values: Scores, same: Bool) -> Float64:
    others, each = values[..., None, :], values[..., :, None]
    above_and_below = ((others < each) & same).sum(axis=-1) - ((others > each) & same).sum(axis=-1)
    residuals: Float64 = above_and_below / same.sum(axis=-1)
    return residuals


def _cosine(first: Float64, second: Float64) -> Float64:
    """Return the correlation of centred values along the last axis, NaN where one of the two does not vary."""
    product = (first * second).sum(axis=-1)
    norms = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    rho: Float64 = np.divide(product, norms, out=np.full(np.shape(product), np.nan), where=norms > 0)
    return rho


def concordance(first: Scores, second: Scores, strata: Int64) -> tuple[int, int]:
    """Count the pairs of one stratum with the same order in two lists, real (n,), of all pairs that tie in neither."""
    pairs = np.triu_indices(len(first), 1)
    signs = [np.sign(values[pairs[0]] - values[pairs[1]]) for values in (first, second)]
    product = (signs[0] * signs[1])[strata[pairs[0]] == strata[pairs[1]]]
    return int((product > 0).sum()), int((product != 0).sum())


def orders_kept(first: Scores, second: Scores, strata: Int64) -> dict[str, int]:
    """Return `concordance` of all pairs and of those within strata, as the columns of a table."""
    every, within = concordance(first, second, np.zeros_like(strata)), concordance(first, second, strata)
    return {"same_order": every[0], "pairs": every[1], "same_order_within": within[0], "pairs_within": within[1]}


def correlate(
    points: Scores, others: Scores, replicates: Scores | None, name: str, strata: Int64 | None = None
) -> Estimate | None:
    """Correlate two lists of n metrics, with the percentile bootstrap's interval; None if a list is all ties.

    `points`, `others`: real (n,). `replicates`: real (n, B) of `points`, or None if only points are known. `strata`:
    integers (n,) for `partial_spearman`, None for `rank_rho`. A bootstrap replicate draws n methods with replacement
    and gives each its value in that replicate, so the interval covers the choice of methods and the units of `points`;
    `others` are taken as exact. Replicates in which a list is all ties have no rho and are left out. `name` keys the
    draws.
    """
    drawn = draw_methods(len(points), REPLICATES if replicates is None else replicates.shape[1], name)
    values = take(points, replicates, drawn)
    rhos = rank_rho(values, others[drawn]) if strata is None else partial_spearman(values, others[drawn], strata[drawn])
    return estimate(rhos)


def draw_methods(count: int, replicates: int, name: str) -> Int64:
    """Return the indices of all methods, and below them those of every bootstrap replicate: int64 (1 + B, n)."""
    law = named_generator(f"methods/{name}", "group", 0)
    drawn = law.integers(count, size=(replicates, count), dtype=np.int32).astype(np.int64)
    return np.concatenate([np.arange(count)[None], np.sort(drawn, axis=1)])


def take(points: Scores, replicates: Scores | None, drawn: Int64) -> Float64:
    """Return the values of the drawn methods, float64 (1 + B, n): the points, then each replicate's own values."""
    if replicates is None:
        return np.asarray(points[drawn], np.float64)
    values = np.concatenate([points[:, None], replicates], axis=1)
    taken: Float64 = values[drawn, np.arange(len(drawn))[:, None]]
    return taken


def estimate(statistics: Scores) -> Estimate | None:
    """Return a statistic with its percentile interval, or None if it is NaN.

    `statistics`: real (1 + B,), the statistic and its replicates; replicates that are NaN are left out.
    """
    value, replicates = float(statistics[0]), statistics[1:][~np.isnan(statistics[1:])]
    return None if np.isnan(value) else Estimate(value, *percentile_interval(replicates))


def as_strata(access: Sequence[str]) -> Int64:
    """Return a number per access tier, int64 (n,)."""
    return np.unique(np.asarray(access, str), return_inverse=True)[1].astype(np.int64)
