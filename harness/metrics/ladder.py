"""What a ladder measures: accuracy where shortcuts mislead, what answers follow, and counterexamples needed.

Answers are predicted classes, int64 (n,), so neither temperature nor scale matters. A(m), the accuracy of a rung with m
counterexamples, is the lowest of the accuracies where shortcuts agree, mislead and are neutral: no method gains by
taking the opposite shortcut.
"""

import math

import numpy as np

from spurgen.harness.metrics.arrays import Float64, Int64, Labels, Scores, as_groups, as_integers, as_reals, failure

SHARE = 0.75
"""Share of the ceiling that a learner must reach."""


def class_accuracy(answers: Labels, labels: Labels, num_classes: int) -> float:
    """Return the accuracy averaged over classes, in [0, 1].

    `answers`, `labels`: integers (n,) in [0, K). Raises `MetricError` for arrays of another shape or range, or a class
    without samples.
    """
    truth, sizes = as_groups(labels, "n", num_classes)
    given = as_integers("answers", answers, len(truth), num_classes)
    right = np.bincount(truth[given == truth], minlength=num_classes)
    return float((right / sizes).mean())


def follow_rate(answers: Labels, rivals: Labels) -> float:
    """Return the share of samples whose answer is the class that their shortcut goes with, in [0, 1].

    `answers`: classes predicted for twins whose shortcut was switched from agreeing to a rival; `rivals`: the classes
    that it goes with now; integers (n,).
    """
    given = as_integers("answers", answers, "n", None)
    return float((given == as_integers("rivals", rivals, len(given), None)).mean())


def thing_use(base: Labels, twins: Labels, labels: Labels, exchanged: Labels) -> float:
    """Return the share of samples whose answer follows when the thing alone is exchanged, in [0, 1].

    `base` and `twins`: classes predicted before and after; `labels` and `exchanged`: the classes of both things;
    integers (n,). A sample counts if both answers are right.
    """
    before, after = as_integers("base", base, "n", None), as_integers("twins", twins, len(base), None)
    first = as_integers("labels", labels, len(base), None)
    second = as_integers("exchanged", exchanged, len(base), None)
    return float(((before == first) & (after == second)).mean())


def counterexamples_needed(rungs: Labels, accuracies: Scores, threshold: float) -> float:
    """Return the smallest number of counterexamples at which a learner's accuracy reaches `threshold`.

    `rungs`: numbers of counterexamples, positive and ascending, integers (R,); `accuracies`: A(m), reals (R,). Between
    rungs the monotone fit of the accuracies (isotonic regression) is linear in log m. Where the first rung suffices,
    returns that rung, "at most"; where no rung does, infinity, "more than the last". Raises `MetricError` for arrays of
    another shape, or rungs that are not positive and ascending.
    """
    numbers: Int64 = as_integers("rungs", rungs, "R", None)
    heights = as_reals("accuracies", accuracies, (len(numbers),))
    if numbers[0] < 1 or (np.diff(numbers) <= 0).any():
        raise failure("rungs", str(numbers.tolist()), "positive, ascending numbers", "leave out the rung without any")
    from scipy.optimize import isotonic_regression  # slow to import

    curve: Float64 = isotonic_regression(heights).x
    if curve[-1] < threshold:
        return math.inf
    above = int(np.argmax(curve >= threshold))
    if above == 0:
        return float(numbers[0])
    low, high = curve[above - 1], curve[above]
    share = (threshold - low) / (high - low)
    return float(numbers[above - 1] * (numbers[above] / numbers[above - 1]) ** share)
