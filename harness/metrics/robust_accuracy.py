"""Robust accuracy: the lowest accuracy over alignment patterns."""

from spurgen.harness.metrics.arrays import Float64, Scores, as_reals, failure
from spurgen.harness.metrics.worst_group import lowest_accuracy


def pattern_accuracies(group_accuracies: Scores, num_classes: int) -> Float64:
    """Return the accuracy of every alignment pattern, averaged over classes: float64 (G / num_classes,).

    `group_accuracies`: real (G,), of group `class * (G / num_classes) + pattern`. Raises `MetricError` for a misshapen
    or non-finite array, or if `num_classes` does not divide G.
    """
    accuracies = as_reals("group_accuracies", group_accuracies, ("G",))
    if num_classes < 1 or len(accuracies) % num_classes:
        expected = f"a multiple of the {num_classes} classes"
        raise failure("group_accuracies", f"{len(accuracies)} groups", expected, "pass every (class, pattern) group")
    by_pattern: Float64 = accuracies.reshape(num_classes, -1).mean(axis=0)
    return by_pattern


def robust_accuracy(group_accuracies: Scores, num_classes: int) -> float:
    """Return the minimum of `pattern_accuracies`, in [0, 1]; arguments and errors as there."""
    return float(lowest_accuracy(pattern_accuracies(group_accuracies, num_classes)))
