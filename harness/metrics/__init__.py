"""The metrics: pure functions of arrays, one file each; per-sample versions feed the bootstrap."""

from spurgen.harness.metrics.arrays import log_softmax, softmax
from spurgen.harness.metrics.calibration import fit_temperature
from spurgen.harness.metrics.core import core_sensitivities, core_sensitivity
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
from spurgen.harness.metrics.placebo import placebo_floor, placebo_sensitivities
from spurgen.harness.metrics.probe import probe_accuracy, probe_worst_group_accuracy, probed
from spurgen.harness.metrics.pull import signed_pull, signed_pulls
from spurgen.harness.metrics.robustness import counterfactual_robust_accuracy, counterfactually_robust
from spurgen.harness.metrics.sensitivity import spurious_sensitivities, spurious_sensitivity
from spurgen.harness.metrics.worst_group import GroupCounts, group_accuracies, group_counts, worst_group_accuracy

__all__ = [
    "GroupCounts",
    "Interval",
    "accuracy",
    "basic_interval",
    "bias_corrected",
    "core_sensitivities",
    "core_sensitivity",
    "correct",
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
    "percentile_interval",
    "placebo_floor",
    "placebo_sensitivities",
    "probe_accuracy",
    "probe_worst_group_accuracy",
    "probed",
    "signed_pull",
    "signed_pulls",
    "simultaneous_interval",
    "softmax",
    "spurious_sensitivities",
    "spurious_sensitivity",
    "worst_group_accuracy",
]
