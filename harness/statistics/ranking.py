"""The one ranking rule: significance first, then what stands beside it; blind to the order of rows."""

import gc
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binom, norm
from statsmodels.stats.multitest import multipletests

from spurgen.harness.metrics.arrays import Bool, Float64, Scores, as_fraction, as_reals, failure

TieKey = tuple[float | str, ...]

NOISE = 1e-12  # differences of proportions below it are rounding


class Placement(NamedTuple):
    """Holds a row's place.

    `rank`: 1 + the number of rows significantly higher. `tied`: whether another row has the same
    rank. `position`: 1 + the number of rows shown before, by rank and then by tie key.
    """

    rank: int
    tied: bool
    position: int


def holm(p_values: Float64) -> Float64:
    """Returns p-values adjusted for their number by Holm's step-down (Holm 1979): float64 (P,) in [0, 1].

    `p_values`: real (P,) in [0, 1]. To reject where the result is below 5 % keeps the chance of any
    false rejection below 5 %.
    """
    if not len(p_values):
        return np.empty(0)
    gc.freeze()  # multipletests collects garbage, which takes long beside a thousand rows
    try:
        return np.asarray(multipletests(p_values, method="holm")[1])
    finally:
        gc.unfreeze()


def difference_p_values(points: Scores, replicates: Scores, beaten: Scores | None = None) -> Float64:
    """Returns two-sided p-values of all pairs i < j, in the order of `numpy.triu_indices`: float64 (R (R - 1) / 2,).

    `points`: real (R,). `replicates`: real (R, B), paired; `beaten`: those of a row where it is the lower of
    the two, default the same. z is the difference of points over the standard deviation of the replicates'
    differences, its tail normal. Where that deviation is 0, p is 0 if the points differ and 1 if they do not.
    """
    lower = replicates if beaten is None else beaten
    p_values = [np.empty(0)]
    for first in range(len(points) - 1):
        rest, above = slice(first + 1, None), points[first] > points[first + 1 :]
        difference = np.abs(points[first] - points[rest])
        spread = np.where(
            above,
            (replicates[first] - lower[rest]).std(axis=1, ddof=1),
            (lower[first] - replicates[rest]).std(axis=1, ddof=1),
        )
        certain = np.where(difference > NOISE, 0.0, 1.0)
        tail = 2 * norm.sf(difference / np.maximum(spread, NOISE))
        p_values.append(np.where(spread > NOISE, tail, certain))
    return np.concatenate(p_values)


def significantly_higher(
    points: Scores, replicates: Scores, beaten: Scores | None = None, *, alpha: float = 0.05
) -> Bool:
    """Says which row is significantly higher than which: bool (R, R), [i, j] where i is above j.

    `points`: real (R,). `replicates`: its paired bootstrap, real (R, B), B at least 2; `beaten`: as in
    `difference_p_values`, with noise of its own that is no wider. All pairs are tested and Holm-corrected at
    `alpha`. It is a strict partial order: a standard deviation obeys the triangle inequality, so z(a, c) >=
    min(z(a, b), z(b, c)) where a > b > c, and what Holm rejects for two steps it rejects for both at once (with
    `beaten`, as far as the noises of rows are uncorrelated).

    With `seed_spread.add_noise`, boards of 6 to 27 equal rows with 3 or 5 seeds each had some two told apart in
    1 to 4 % of 400 simulations, whatever seeds vary (.03 to .14), and in 7 % where two rows of three have a single
    seed; where the rows' own variations differ by a factor of 2 either way, in 5 %, and in 12 % where half of them have
    a single seed, since nothing tells their own. With the pooled deviation alone in `beaten` that is 2 to 7 and 13 %
    (tests/harness/statistics/test_seed_spread.py).

    Raises:
        MetricError: for arrays that do not fit each other or are not finite.
    """
    figures = as_reals("points", points, ("R",))
    repeated = as_reals("replicates", replicates, (len(figures), "B"))
    lower = repeated if beaten is None else as_reals("beaten", beaten, repeated.shape)
    if repeated.shape[1] < 2:
        raise failure("replicates", "1 replicate", "at least 2", "1000 are usual")
    separate = np.zeros((len(figures), len(figures)), bool)
    adjusted = holm(difference_p_values(figures, repeated, lower))
    separate[np.triu_indices(len(figures), 1)] = adjusted < as_fraction("alpha", alpha)
    higher: Bool = (separate | separate.T) & (figures[:, None] > figures[None, :])
    return higher


def _check_keys(tie_keys: Sequence[TieKey], count: int) -> None:
    """Raises MetricError unless there is one tie key per row, none with NaN, which sorts anyhow."""
    if len(tie_keys) != count:
        raise failure("tie_keys", f"{len(tie_keys)} keys", f"{count}, one per row", "pass (SSS, |IG|) of every row")
    for row, key in enumerate(tie_keys):
        if any(part != part for part in key):  # only NaN differs from itself
            raise failure("tie_keys", f"NaN in row {row}", "comparable values", "list failed rows below the ranked")


def rank(
    points: Scores, replicates: Scores, tie_keys: Sequence[TieKey], beaten: Scores | None = None, *, alpha: float = 0.05
) -> list[Placement]:
    """Places rows, highest first: rank = 1 + the number of rows significantly higher.

    `points`: the figure ranked by, real (R,). `replicates`: its paired bootstrap, real (R, B), B at
    least 2. `tie_keys`: R tuples, lowest first, that order equal ranks (SSS, then |IG|; end with the
    name for a total order). `beaten` and significance: as in `significantly_higher`. Rows permuted give
    placements permuted.

    Raises:
        MetricError: for arrays that do not fit each other or are not finite, or NaN in a tie key.
    """
    _check_keys(tie_keys, len(points))
    if not len(points):
        return []
    higher = significantly_higher(points, replicates, beaten, alpha=alpha)
    ranks = (1 + higher.sum(axis=0)).tolist()
    keys = [(place, *key) for place, key in zip(ranks, tie_keys, strict=True)]
    return [Placement(key[0], ranks.count(key[0]) > 1, 1 + sum(other < key for other in keys)) for key in keys]


def order(placements: Sequence[Placement]) -> list[int]:
    """Returns the row numbers as they are shown, first to last; rows alike in everything keep their order."""
    return sorted(range(len(placements)), key=lambda row: placements[row].position)


def place_rows(rows: Sequence[Mapping[str, Any]], replicates: Mapping[str, Float64]) -> list[dict[str, Any]]:
    """Gives rows of a leaderboard their rank and `tied`, and sorts them as they are shown.

    A row has `submission`, `wga`, `sss` and `ig`; `replicates` maps submissions to the paired bootstrap
    of their WGA, float64 (2, B): where it is the higher of two rows, and where it is the lower.
    """
    keys = [(row["sss"], abs(row["ig"]), row["submission"]) for row in rows]
    drawn = np.stack([replicates[row["submission"]] for row in rows]) if rows else np.empty((0, 2, 2))
    places = rank(np.array([row["wga"] for row in rows]), drawn[:, 0], keys, drawn[:, 1])
    placed = [{"rank": p.rank, "tied": p.tied, **row} for p, row in zip(places, rows, strict=True)]
    return [placed[row] for row in order(places)]


def better_than_chance(correct: int, count: int, num_classes: int, *, alpha: float = 0.05) -> bool:
    """Says whether `correct` of `count` is significantly above 1 / `num_classes` (one-sided exact binomial).

    The samples must be independent: the test samples of one seed, not of all seeds together.

    Raises:
        MetricError: for counts that cannot be.
    """
    if not 0 <= correct <= count or count < 1 or num_classes < 2:
        found = f"{correct} of {count} with {num_classes} classes"
        raise failure("correct", found, "0 <= correct <= count, 1 <= count, 2 <= num_classes", "count on test")
    return bool(binom.sf(correct - 1, count, 1 / num_classes) < as_fraction("alpha", alpha))
