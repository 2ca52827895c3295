"""Counterfactual-robust accuracy (CRA): correct on a sample and on all of its channel twins."""

from collections.abc import Mapping

from spurgen.harness.metrics.arrays import Bool, Labels, Scores, as_integers, as_reals, failure


def counterfactually_robust(base_scores: Scores, twin_scores: Mapping[str, Scores], labels: Labels) -> Bool:
    """Return which samples are correct on the base and on every channel twin, bool (m,).

    `base_scores`: logits or probabilities (m, K). `twin_scores`: per channel (m, V, K); V may differ. `labels`:
    integers (m,) in [0, K). Raises `MetricError` for non-finite or misshapen arrays, labels out of range, or no channel
    at all.
    """
    base = as_reals("base_scores", base_scores, ("m", "K"))
    at = as_integers("labels", labels, *base.shape)
    if not twin_scores:
        raise failure("twin_scores", "no channel", "the twins of every channel", "pass {channel: scores}")
    robust: Bool = base.argmax(axis=1) == at
    for channel, scores in twin_scores.items():
        twin = as_reals(f"twin_scores[{channel!r}]", scores, (base.shape[0], "V", base.shape[1]))
        robust &= (twin.argmax(axis=2) == at[:, None]).all(axis=1)
    return robust


def counterfactual_robust_accuracy(base_scores: Scores, twin_scores: Mapping[str, Scores], labels: Labels) -> float:
    """Return the share of samples that are `counterfactually_robust`, in [0, 1]."""
    return float(counterfactually_robust(base_scores, twin_scores, labels).mean())
