"""Tests and intervals over units: the worlds of a task, or the training seeds where there is one world.

A row has a value per unit. Rows are paired: unit k of one is the world (or the seed) of unit k of every other. With
five units a plain t-test has no power once hundreds of pairs are corrected for, so the variance of a difference is
moderated by those of the reference rows (Smyth 2004). It is never taken to be below theirs, nor below the pair's own.

The variance of a proportion falls towards 0 and 1, so the prior is a multiple of `variance_shape`. Its scale is the
mean of the ratios of variances to shapes, raised where few rows show it. Its degrees of freedom are estimated from how
much the logarithms of the ratios vary (Smyth 2004, section 6.2). Smyth shrinks variances in both directions. Here they
are only raised: a row that fails in one world of ten is at the same value in most samples of five, so a small variance
says little where other rows vary.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import digamma, polygamma, stdtr, stdtrit

from spurgen.harness.metrics.accuracies import Interval
from spurgen.harness.metrics.arrays import Float64, Int64
from spurgen.harness.statistics.estimate import NOISE, Difference, Estimate

TAIL = 0.025
FEW = 3  # units; fewer say too little of a row's own variance
PROPORTION, ANY = (0.0, 1.0), (-np.inf, np.inf)
EDGE = 0.005  # proportions nearer to 0 or 1 vary as one that is that near
LEAST = 0.01  # ratios below this share of the mean ratio count as that: the logarithm of 0 is infinite
MOST_DEGREES = 1e6
FEW_ROWS = 4  # chosen by simulated boards of 6 to 27 rows (docs/simulations.md)


class Prior(NamedTuple):
    """What is known of a variance before it is measured: `scale` times its shape, with degrees of freedom."""

    scale: float
    degrees: float

    def raised(self, variance: Float64, degrees: Float64, shape: Float64) -> tuple[Float64, Float64]:
        """Return the larger of each variance and the prior's, and both degrees of freedom together: float64 (...)."""
        return np.maximum(variance, self.scale * shape), self.degrees + degrees


NOTHING = Prior(0.0, 0.0)


def variance_shape(means: Float64) -> Float64:
    """Return how the variance of a proportion depends on its mean, up to a factor: float64 (...), positive."""
    inner = np.clip(means, EDGE, 1 - EDGE)
    shape: Float64 = inner * (1 - inner)
    return shape


def fit_prior(variances: Float64, degrees: Float64, shapes: Float64, rows: float) -> Prior:
    """Fit the prior to variances of at least 1 degree of freedom; float64 (n,) each, shapes positive.

    `rows`: how many independent rows, at least 2, the variances are of. The prior has at most `rows` - 1 degrees of
    freedom: the estimate from few rows is often far too high. Its scale is (`rows` + 3) / (`rows` - 1) times the mean
    ratio: few rows often lack one that varies much. There is no prior (0 degrees of freedom) for fewer than two
    variances, or if all are 0.
    """
    if len(variances) < 2 or not variances.any():
        return NOTHING
    ratios = variances / shapes
    mean = float(np.average(ratios, weights=degrees))
    logs = np.log(np.maximum(ratios, LEAST * mean)) - digamma(degrees / 2) + np.log(degrees / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, degrees / 2).mean())
    estimated = 2 * _inverse_trigamma(excess) if excess > 0 else MOST_DEGREES
    return Prior(mean * (1 + FEW_ROWS / (rows - 1)), min(estimated, rows - 1, MOST_DEGREES))


def _inverse_trigamma(value: float) -> float:
    """Return x with trigamma(x) = value, by Newton's method on 1 / trigamma (Smyth 2004, appendix)."""
    guess = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, guess))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, guess))
        guess += step
        if abs(step) < 1e-9 * guess:
            break
    return guess


@dataclass(frozen=True)
class Spread:
    """How a metric varies over units: within the reference rows, and within the differences of their pairs.

    `ends`: the lowest and the highest value of the metric, beyond which no interval reaches. The variance of a
    `PROPORTION` depends on its mean.
    """

    rows: Prior = NOTHING
    pairs: Prior = NOTHING
    ends: tuple[float, float] = PROPORTION

    def shapes(self, rows: Sequence[Float64]) -> Float64:
        """Return the shape of every row's variance, float64 (R,), from its values by unit, float64 (W,)."""
        if self.ends != PROPORTION:
            return np.ones(len(rows))
        alike = len({len(row) for row in rows}) == 1
        return variance_shape(np.stack(rows).mean(axis=1) if alike else np.array([row.mean() for row in rows]))

    def pair_shapes(self, rows: Sequence[Float64]) -> Float64:
        """Return the shape of every pair's variance, float64 (P,), in the order of `combinations`.

        It is twice that of the row nearer to .5: if both means are equal, a row that seems nearer to 0 or 1 varies as
        much as the other.
        """
        shapes = self.shapes(rows)
        first, second = _pairs(len(shapes))
        return 2 * np.maximum(shapes[first], shapes[second])


def fit_spread(references: Sequence[Float64], ends: tuple[float, float] = PROPORTION) -> Spread:
    """Fit a metric's spread to the reference rows, float64 (W,) each; rows may lack the last units.

    Rows with one unit do not count. `ends`: as in `Spread`.
    """
    free = Spread(ends=ends)
    known = [row for row in references if len(row) > 1]
    if len(known) < 2:
        return free
    values, (first, second) = _padded(known), _pairs(len(known))
    of_rows = _fit(values, free.shapes(known), len(known))
    of_pairs = _fit(values[first] - values[second], free.pair_shapes(known), len(known))
    return replace(free, rows=of_rows, pairs=of_pairs)


def _fit(values: Float64, shapes: Float64, rows: int) -> Prior:
    _, variances, counts = _moments(values)
    return fit_prior(variances, counts - 1, shapes, rows)


def mean_estimate(values: Float64, spread: Spread) -> Estimate:
    """Return a row's mean over its units, float64 (W,), with its 95 % interval where there is one.

    It is Student's t interval. That of a proportion, and of any row with fewer than three units or all equal, is at
    least as wide as with the larger of the row's variance and the prior's, so it covers in at least 95 % of cases. A
    single unit has none: it shows nothing of how units vary. An interval that would span every possible value is left
    out.
    """
    return mean_estimates({"": values}, spread)[""]


def mean_estimates(rows: Mapping[str, Float64], spread: Spread) -> dict[str, Estimate]:
    """Return `mean_estimate` of every row, float64 (W,), by label."""
    found: dict[str, Estimate] = {}
    for count in {len(row) for row in rows.values()}:
        part = {label: row for label, row in rows.items() if len(row) == count}
        found |= zip(part, _estimates(np.stack([*part.values()]), spread), strict=True)
    return found


def _estimates(values: Float64, spread: Spread) -> Iterator[Estimate]:
    """Yield the estimate of each row with as many units, float64 (R, W)."""
    means, variances, counts = _moments(values)
    if values.shape[1] == 1:
        yield from map(Estimate, means.tolist())
        return
    own = _reach(variances, counts - 1, counts) if values.shape[1] >= FEW else np.zeros_like(means)
    beside = _reach(*spread.rows.raised(variances, counts - 1, spread.shapes([*values])), counts)
    reach = np.where((own == 0) | (spread.ends == PROPORTION), np.maximum(own, beside), own)
    least, most = spread.ends
    ends = np.stack([np.maximum(means - reach, least), np.minimum(means + reach, most)], axis=1)
    for mean, wide, (low, high) in zip(means.tolist(), reach.tolist(), ends.tolist(), strict=True):
        yield Estimate(mean) if not wide or (low, high) == spread.ends else Estimate(mean, low, high)


def _reach(variances: Float64, degrees: Float64, counts: Float64) -> Float64:
    """Return half the width of means' 95 % intervals, 0 where there is none: float64 (R,)."""
    known = (degrees > 0) & (variances > 0)
    reach: Float64 = np.where(known, -stdtrit(np.where(known, degrees, 1.0), TAIL) * np.sqrt(variances / counts), 0.0)
    return reach


def standard_error(values: Float64, spread: Spread) -> tuple[float, float]:
    """Return the moderated standard error of a row's mean over units, float64 (W,), and its degrees of freedom."""
    (_,), (variance,), (count,) = _moments(values[None])
    variance, degrees = spread.rows.raised(variance, count - 1, spread.shapes([values])[0])
    return float(np.sqrt(variance / count)), float(degrees)


def paired(values: Float64, others: Float64, spread: Spread) -> Difference | None:
    """Return a row's mean less another's, on the units that both have, by the moderated paired t-test.

    `values`, `others`: float64 (W1,) and (W2,). The 95 % interval is without correction, excludes 0 exactly if p < 5 %,
    and contains only differences that the metric can have. Return None where there is no test: without a prior, if
    there is one common unit or all units differ by the same amount, which is an accident of few units and coarse steps,
    or if the interval spans every possible difference.
    """
    (mean,), (error,), (degrees,), (p_value,) = _test([values, others], spread)
    if error < NOISE:
        return None
    reach, most = -stdtrit(degrees, TAIL) * error, spread.ends[1] - spread.ends[0]
    interval = Interval(float(max(mean - reach, -most)), float(min(mean + reach, most)))
    return None if interval == (-most, most) else Difference(float(mean), interval, float(p_value))


def cut_to_common(values: Float64, others: Float64) -> tuple[Float64, Float64]:
    """Return the values of two rows, float64 (W1,) and (W2,), on the units that both have: (min(W1, W2),) each."""
    common = min(len(values), len(others))
    return values[:common], others[:common]


def pair_p_values(rows: Sequence[Float64], spread: Spread) -> Float64:
    """Return the p-values of `paired` for all pairs of rows, in the order of `combinations`; 1 where there is no test.

    `rows`: float64 (W,) each. Returns float64 (R (R - 1) / 2,).
    """
    return _test(rows, spread)[3] if len(rows) > 1 else np.empty(0)


def pair_errors(rows: Sequence[Float64], spread: Spread) -> tuple[Float64, Float64]:
    """Return the moderated standard error, and its degrees of freedom, of all pairs' differences: float64 (P,) each."""
    return _test(rows, spread)[1:3]


def _test(rows: Sequence[Float64], spread: Spread) -> tuple[Float64, Float64, Float64, Float64]:
    """Return the mean, standard error, degrees of freedom and p-value of every pair's difference, float64 (P,) each."""
    values = _padded(rows)
    first, second = _pairs(len(values))
    means, variances, counts = _moments(values[first] - values[second])
    variances, degrees = spread.pairs.raised(variances, counts - 1, spread.pair_shapes(rows))
    errors = np.sqrt(variances / counts)
    tested = errors >= NOISE
    statistics = np.divide(means, errors, out=np.zeros_like(means), where=tested)
    p_values = np.where(tested, 2 * stdtr(np.where(tested, degrees, 1.0), -np.abs(statistics)), 1.0)
    return means, errors, degrees, p_values


@lru_cache(maxsize=64)
def _pairs(count: int) -> tuple[Int64, Int64]:
    """Return the first and the second of all pairs of rows, int64 (P,) each, in the order of `combinations`."""
    first, second = np.triu_indices(count, 1)
    return first, second


def _padded(rows: Sequence[Float64]) -> Float64:
    """Return rows of different lengths, float64 (W_r,), as one array with NaN where a row lacks a unit."""
    values = np.full((len(rows), max(len(row) for row in rows)), np.nan)
    for line, row in zip(values, rows, strict=True):
        line[: len(row)] = row
    return values


def _moments(values: Float64) -> tuple[Float64, Float64, Float64]:
    """Return the mean, variance (0 for a single unit) and number of each line's units, which are not NaN."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1).astype(np.float64)
    means = np.where(known, values, 0.0).sum(axis=1) / counts
    squares = np.where(known, (values - means[:, None]) ** 2, 0.0).sum(axis=1)
    variances = squares / np.maximum(counts - 1, 1)
    return means, np.where(variances < NOISE**2, 0.0, variances), counts


def mean_over_tasks(rows: Sequence[Float64]) -> Float64:
    """Return the mean over tasks of each unit that all have, float64 (W,); `rows`: the values on each task, (W_t,).

    Units of the same number count as one over tasks: the worlds of tasks of one scenario are the same.
    """
    mean: Float64 = by_common_unit(rows).mean(axis=0)
    return mean


def by_common_unit(rows: Sequence[Float64]) -> Float64:
    """Return the values of each task on the units that all have, float64 (T, W); `rows`: (W_t,) each."""
    common = min(len(row) for row in rows)
    return np.stack([row[:common] for row in rows])


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
