"""Signed pull: how much probability a channel's value draws to the classes it goes with."""

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Float64, Scores, as_flags, as_probabilities, failure


def signed_pulls(twin_probs: Scores, aligned_classes: Bool) -> Float64:
    """Returns each sample's pull: float64 (m,) in [-1, 1].

    `twin_probs`: probabilities (m, V, K), one twin per value of the channel. `aligned_classes`: bool
    (V, K), True where value v goes with class k. For a value v with classes A_v the pull is the
    probability of A_v when v is shown, minus the same averaged over all V values; the mean is over
    values that go with at least one class, as the others have nothing to pull to.

    Raises:
        MetricError: for arrays that are misshapen, non-finite or no probabilities, or when no value
            goes with any class.
    """
    probs = as_probabilities("twin_probs", twin_probs, ("m", "V", "K"))
    goes_with = as_flags("aligned_classes", aligned_classes, probs.shape[1:])
    num_values = int(goes_with.any(axis=1).sum())
    if not num_values:
        raise failure("aligned_classes", "no True at all", "a class for some value", "check the alignment table")
    excess = probs - probs.mean(axis=1, keepdims=True)
    pulls: Float64 = np.einsum("mvk,vk->m", excess, goes_with.astype(np.float64)) / num_values
    return pulls


def signed_pull(twin_probs: Scores, aligned_classes: Bool) -> float:
    """Returns the mean of `signed_pulls`: 0 when the channel is ignored, negative when it repels."""
    return float(signed_pulls(twin_probs, aligned_classes).mean())
