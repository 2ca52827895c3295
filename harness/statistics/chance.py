"""Whether an accuracy is better than chance."""

from scipy.special import betainc

from spurgen.harness.metrics.arrays import Int64, as_fraction, failure
from spurgen.harness.statistics.differences import ALPHA, NOISE

AT_CHANCE = "not significantly better than chance in test accuracy"


def classes_better_than_chance(correct: Int64, sizes: Int64) -> bool:
    """Return whether accuracy averaged over classes is significantly above chance, which a constant answer reaches.

    `correct`: correct samples by class, int64 (K,), K at least 2; `sizes`: samples, positive. It is tested as a share
    of the effective number of samples that gives the mean over classes its variance: all of them for equal classes.
    """
    num_classes = len(sizes)
    count = num_classes**2 / (1 / sizes).sum()
    mean = float((correct / sizes).mean())
    return better_than_chance(int(mean * count + NOISE), int(count + NOISE), num_classes)


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
