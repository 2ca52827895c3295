"""The one ranking rule, by significance; independent of the order of rows."""

import numpy as np
from scipy.special import betainc

from spurgen.harness.metrics.arrays import Bool, Scores, as_fraction, as_reals, failure
from spurgen.harness.statistics.differences import ALPHA, difference_p_values, holm


def significantly_higher(points: Scores, replicates: Scores, beaten: Scores | None = None) -> Bool:
    """Return which rows are significantly higher than which: bool (R, R), [i, j] True where i is above j.

    `points`: real (R,). `replicates`: its paired bootstrap, real (R, B), B at least 2; `beaten`: as in
    `difference_p_values`, with noise of its own that is no wider. All pairs are tested and Holm-corrected at 5 %.
    The result is a strict partial order: a standard deviation obeys the triangle inequality, so z(a, c) >=
    min(z(a, b), z(b, c)) where a > b > c, and if Holm rejects two steps it rejects their sum (with `beaten`, as far as
    the noises of rows are uncorrelated).

    How often boards of equal rows, with the noise of `seed_spread.add_noise`, separate some two of them, in 400
    simulations: 1 to 4 % with 6 to 27 rows of 3 or 5 seeds, for a standard deviation over seeds of .03 to .14; 7 % if
    two rows of three have a single seed; 5 % if the rows' own deviations differ by a factor of 2 either way; 12 % if
    then half of the rows have a single seed, which does not show their own deviation. With the pooled deviation alone
    in `beaten` it is 2 to 7 and 13 % (tests/harness/statistics/test_seed_spread.py). Raises `MetricError` for arrays
    that do not fit each other or are not finite.
    """
    values = as_reals("points", points, ("R",))
    repeated = as_reals("replicates", replicates, (len(values), "B"))
    lower = repeated if beaten is None else as_reals("beaten", beaten, repeated.shape)
    if repeated.shape[1] < 2:
        raise failure("replicates", "1 replicate", "at least 2", "1000 are usual")
    separate = np.zeros((len(values), len(values)), bool)
    adjusted = np.array(holm(difference_p_values(values, repeated, lower).tolist()))
    separate[np.triu_indices(len(values), 1)] = adjusted < ALPHA
    higher: Bool = (separate | separate.T) & (values[:, None] > values[None, :])
    return higher


def rank(points: Scores, replicates: Scores, beaten: Scores | None = None) -> list[int]:
    """Return every row's rank: 1 + the number of rows significantly higher.

    `points`: the metric that ranks, real (R,). `replicates`, `beaten`: as in `significantly_higher`. Permuted rows get
    permuted ranks. Raises `MetricError` for arrays that do not fit each other or are not finite.
    """
    if not len(points):
        return []
    ranks: list[int] = (1 + significantly_higher(points, replicates, beaten).sum(axis=0)).tolist()
    return ranks


def better_than_chance(correct: int, count: int, num_classes: int, *, alpha: float = ALPHA) -> bool:
    """Return whether `correct` of `count` is significantly above 1 / `num_classes` (one-sided exact binomial test).

    The samples must be independent: the test samples of one seed, not of all seeds together. Raises `MetricError` for
    impossible counts.
    """
    if not 0 <= correct <= count or count < 1 or num_classes < 2:
        actual = f"{correct} of {count} with {num_classes} classes"
        raise failure("correct", actual, "0 <= correct <= count, 1 <= count, 2 <= num_classes", "count on test")
    # The binomial probability of `correct` or more is an incomplete beta function.
    p_value = betainc(correct, count - correct + 1, 1 / num_classes) if correct else 1.0
    return bool(p_value < as_fraction("alpha", alpha))
