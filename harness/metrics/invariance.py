"""Invariance gap: how much the loss rises when the channels become independent of the class."""

import numpy as np

from spurgen.harness.metrics.arrays import Float64, Labels, Scores, as_integers, as_reals, failure, log_softmax


def _cross_entropies(name: str, logits: Float64, at: Labels, temperature: float) -> Float64:
    """Return each sample's cross-entropy in nats, float64 (m,)."""
    losses: Float64 = -log_softmax(logits, temperature)[np.arange(len(at)), at]
    if not np.isfinite(losses).all():
        raise failure(
            "temperature", f"{temperature!r}, at which {name} cost infinity", "more", "fit it with fit_temperature"
        )
    return losses


def invariance_gaps(ctrl_logits: Scores, unc_logits: Scores, labels: Labels, temperature: float = 1.0) -> Float64:
    """Return each sample's loss(ctrl) - loss(unc) in nats, float64 (m,).

    `ctrl_logits`: logits (m, K) of the base samples with every channel at its aligned value; `unc_logits`: with every
    channel redrawn uniformly. `labels`: integers (m,) in [0, K). `temperature`: divides the logits; positive. Raises
    `MetricError` for non-finite or misshapen arrays, labels out of range, a temperature that is not positive and
    finite, or one at which a loss is infinite.
    """
    ctrl = as_reals("ctrl_logits", ctrl_logits, ("m", "K"))
    unc = as_reals("unc_logits", unc_logits, ctrl.shape)
    at = as_integers("labels", labels, *ctrl.shape)
    before = _cross_entropies("ctrl_logits", ctrl, at, temperature)
    return before - _cross_entropies("unc_logits", unc, at, temperature)


def invariance_gap(ctrl_logits: Scores, unc_logits: Scores, labels: Labels, temperature: float = 1.0) -> float:
    """Return IG = E[loss(ctrl)] - E[loss(unc)] in nats: negative for a model that profits from shortcuts.

    Arguments and errors as `invariance_gaps`.
    """
    return float(invariance_gaps(ctrl_logits, unc_logits, labels, temperature).mean())
