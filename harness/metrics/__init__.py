"""The metrics of the benchmark: pure functions of NumPy arrays.

A metric of one number comes with a per-sample version where the bootstrap needs one (`accuracy` and `correct`,
`spurious_sensitivity` and `spurious_sensitivities`, ...): the number is the mean of its samples.

Shapes: n samples of a split, m base samples of `test` that have twins, V values of a channel, K classes, G groups,
B bootstrap replicates. Scores are real arrays of any dtype whose last axis is the class. Every function raises
`spurgen.benchmark.errors.MetricError`, which names the argument, for an array of another shape, dtype or range, for
NaN and infinity, and for an empty axis.
"""

from spurgen.harness.metrics.accuracies import (
    GroupCounts,
    Interval,
    accuracy,
    agree_and_mislead,
    class_accuracy,
    correct,
    count_groups,
    group_accuracies,
    group_counts,
    lowest_accuracy,
    percentile_interval,
    simultaneous_interval,
    worst_group_accuracy,
)
from spurgen.harness.metrics.arrays import Answers, log_softmax, softmax
from spurgen.harness.metrics.calibration import fit_temperature
from spurgen.harness.metrics.ladder import counterexamples_needed
from spurgen.harness.metrics.twins import (
    follow_rate,
    invariance_gap,
    invariance_gaps,
    spurious_sensitivities,
    spurious_sensitivity,
    thing_use,
)

__all__ = [
    "Answers",
    "GroupCounts",
    "Interval",
    "accuracy",
    "agree_and_mislead",
    "class_accuracy",
    "correct",
    "count_groups",
    "counterexamples_needed",
    "fit_temperature",
    "follow_rate",
    "group_accuracies",
    "group_counts",
    "invariance_gap",
    "invariance_gaps",
    "log_softmax",
    "lowest_accuracy",
    "percentile_interval",
    "simultaneous_interval",
    "softmax",
    "spurious_sensitivities",
    "spurious_sensitivity",
    "thing_use",
    "worst_group_accuracy",
]
