"""Signed pull: how much probability a channel's value draws to the classes that it is aligned with."""

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Float64, Scores, as_flags, as_probabilities, failure


def signed_pulls(twin_probs: Scores, aligned_classes: Bool) -> Float64:
    """Return each sample's pull, float64 (m,) in [-1, 1].

    `twin_probs`: probabilities (m, V, K), one twin per value of the channel. `aligned_classes`: bool (V, K), True where
    value v is aligned with class k. The pull of a value v with classes A_v is the probability of A_v when v is shown
    minus its average over all V values. The mean is over the values that are aligned with a class. Raises `MetricError`
    for arrays that are misshapen, non-finite or no probabilities, or if no value is aligned with any class.
    """
    probs = as_probabilities("twin_probs", twin_probs, ("m", "V", "K"))
    aligned = as_flags("aligned_classes", aligned_classes, probs.shape[1:])
    num_values = int(aligned.any(axis=1).sum())
    if not num_values:
        raise failure("aligned_classes", "no True at all", "a class for some value", "check the alignment table")
    excess = probs - probs.mean(axis=1, keepdims=True)
    pulls: Float64 = np.einsum("mvk,vk->m", excess, aligned.astype(np.float64)) / num_values
    return pulls


def signed_pull(twin_probs: Scores, aligned_classes: Bool) -> float:
    """Return the mean of `signed_pulls`, in [-1, 1]: 0 if the channel is ignored, negative if it repels."""
    return float(signed_pulls(twin_probs, aligned_classes).mean())
