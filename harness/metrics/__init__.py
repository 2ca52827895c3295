"""The metrics of the benchmark: pure functions of NumPy arrays.

A metric of one number comes with a per-sample version where the bootstrap needs one (`accuracy` and `correct`,
`spurious_sensitivity` and `spurious_sensitivities`, ...): the number is the mean of its samples.

Shapes: n samples of a split, m base samples of `test` that have twins, V values of a channel, K classes, G groups,
B bootstrap replicates. Scores are real arrays of any dtype whose last axis is the class. Every function raises
`spurgen.benchmark.errors.MetricError`, which names the argument, for an array of another shape, dtype or range, for
NaN and infinity, and for an empty axis.
"""

from spurgen.harness.metrics.answers import Answers
from spurgen.harness.metrics.arrays import log_softmax, softmax
from spurgen.harness.metrics.calibration import fit_temperature
from spurgen.harness.metrics.core_use import core_use, core_uses
from spurgen.harness.metrics.correctness import accuracy, correct
from spurgen.harness.metrics.flips import flip_rate, flip_rates
from spurgen.harness.metrics.intervals import (
    Interval,
    basic_interval,
    bias_corrected,
    percentile_interval,
    simultaneous_interval,
)
from spurgen.harness.metrics.invariance import invariance_gap, invariance_gaps
from spurgen.harness.metrics.probe import probe_accuracy, probe_worst_group_accuracy, probed
from spurgen.harness.metrics.pull import signed_pull, signed_pulls
from spurgen.harness.metrics.reliance import channel_oracle, oracle_pull, reliance
from spurgen.harness.metrics.robust_accuracy import pattern_accuracies, robust_accuracy
from spurgen.harness.metrics.robustness import counterfactual_robust_accuracy, counterfactually_robust
from spurgen.harness.metrics.sensitivity import (
    core_sensitivities,
    core_sensitivity,
    placebo_sensitivities,
    placebo_sensitivity,
    spurious_sensitivities,
    spurious_sensitivity,
)
from spurgen.harness.metrics.worst_group import (
    GroupCounts,
    count_groups,
    group_accuracies,
    group_counts,
    lowest_accuracy,
    worst_group_accuracy,
)

__all__ = [
    "Answers",
    "GroupCounts",
    "Interval",
    "accuracy",
    "basic_interval",
    "bias_corrected",
    "channel_oracle",
    "core_sensitivities",
    "core_sensitivity",
    "core_use",
    "core_uses",
    "correct",
    "count_groups",
    "counterfactual_robust_accuracy",
    "counterfactually_robust",
    "fit_temperature",
    "flip_rate",
    "flip_rates",
    "group_accuracies",
    "group_counts",
    "invariance_gap",
    "invariance_gaps",
    "log_softmax",
    "lowest_accuracy",
    "oracle_pull",
    "pattern_accuracies",
    "percentile_interval",
    "placebo_sensitivities",
    "placebo_sensitivity",
    "probe_accuracy",
    "probe_worst_group_accuracy",
    "probed",
    "reliance",
    "robust_accuracy",
    "signed_pull",
    "signed_pulls",
    "simultaneous_interval",
    "softmax",
    "spurious_sensitivities",
    "spurious_sensitivity",
    "worst_group_accuracy",
]
