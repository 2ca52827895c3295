"""Spurious sensitivity: how far the true class's probability moves when only a channel's value changes."""

import numpy as np

from spurgen.harness.metrics.arrays import Float64, Labels, Scores, as_integers, as_probabilities


def spurious_sensitivities(base_probs: Scores, twin_probs: Scores, labels: Labels) -> Float64:
    """Return each sample's part of the Spurious Sensitivity Score of a channel, float64 (m,) in [0, 1].

    `base_probs`: calibrated probabilities (m, K). `twin_probs`: those of the same samples under each of the channel's V
    values, (m, V, K), the sample's own value included, so that the mean over values is the exact expectation over
    Shuffle_c. `labels`: integers (m,) in [0, K). Raises `MetricError` for arrays that are misshapen, non-finite or no
    probabilities, or labels out of range.
    """
    base = as_probabilities("base_probs", base_probs, ("m", "K"))
    count, num_classes = base.shape
    twins = as_probabilities("twin_probs", twin_probs, (count, "V", num_classes))
    at = as_integers("labels", labels, count, num_classes)
    rows = np.arange(count)
    shifts: Float64 = np.abs(base[rows, at][:, None] - twins[rows, :, at]).mean(axis=1)
    return shifts


def spurious_sensitivity(base_probs: Scores, twin_probs: Scores, labels: Labels) -> float:
    """Return `SSS_c = E |f(x)[y] - f(Shuffle_c(x))[y]|`, in [0, 1]: the mean of `spurious_sensitivities`."""
    return float(spurious_sensitivities(base_probs, twin_probs, labels).mean())
