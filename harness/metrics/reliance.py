"""Shortcut reliance: a channel's pull in units of its oracle's pull."""

import numpy as np

from spurgen.harness.metrics.arrays import Bool, Float64, Scores, as_flags, failure
from spurgen.harness.metrics.pull import signed_pull


def channel_oracle(aligned_classes: Bool) -> Float64:
    """Return the probabilities of a predictor that reads the channel and nothing else: float64 (V, K).

    It predicts the classes that go with the value shown, each with the same probability, or all classes if none does.
    `aligned_classes`: bool (V, K), True where value v is aligned with class k. Raises `MetricError` for a misshapen
    array.
    """
    aligned = as_flags("aligned_classes", aligned_classes, ("V", "K"))
    classes = np.where(aligned.any(axis=1, keepdims=True), aligned, True)
    probs: Float64 = classes / classes.sum(axis=1, keepdims=True)
    return probs


def oracle_pull(aligned_classes: Bool) -> float:
    """Return the signed pull of the channel's oracle, above 0; `aligned_classes` and errors as `reliance`."""
    pull = signed_pull(channel_oracle(aligned_classes)[None], aligned_classes)
    if pull <= 0:
        actual = "the same classes for every value"
        raise failure("aligned_classes", actual, "values that differ", "check the alignment table")
    return pull


def reliance(twin_probs: Scores, aligned_classes: Bool) -> float:
    """Return how far a submission relies on a channel: 1 as its oracle, 0 if it ignores the channel.

    Negative if the channel's value repels: at least -1, or -2 if two values go with each class and only three values
    with any. `twin_probs`: probabilities (m, V, K), one twin per value of the channel. `aligned_classes`: bool (V, K),
    True where value v is aligned with class k. Raises `MetricError` as `signed_pulls`, and if the oracle's pull is 0.
    """
    return signed_pull(twin_probs, aligned_classes) / oracle_pull(aligned_classes)
