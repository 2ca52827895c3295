"""Spurious sensitivity: how far the true class's probability moves when a channel's value is shuffled."""

from spurgen.harness.metrics._shifts import true_class_shifts
from spurgen.harness.metrics.arrays import Float64, Labels, Scores


def spurious_sensitivities(base_probs: Scores, twin_probs: Scores, labels: Labels) -> Float64:
    """Returns each sample's share of the Spurious Sensitivity Score: float64 (m,) in [0, 1].

    `base_probs`: calibrated probabilities (m, K). `twin_probs`: the same samples under each of the
    channel's V values, (m, V, K), the sample's own value among them, so that the mean over values is
    the exact expectation over Shuffle_c. `labels`: integers (m,) in [0, K).

    Raises:
        MetricError: for arrays that are misshapen, non-finite or no probabilities, or bad labels.
    """
    return true_class_shifts(base_probs, "twin_probs", twin_probs, labels, per_value=True)


def spurious_sensitivity(base_probs: Scores, twin_probs: Scores, labels: Labels) -> float:
    """Returns SSS_c = E |f(x)[y] - f(Shuffle_c(x))[y]|, in [0, 1]; see `spurious_sensitivities`."""
    return float(spurious_sensitivities(base_probs, twin_probs, labels).mean())
