"""What answers to twins show: sensitivity, the invariance gap, and whether answers follow a shortcut or the thing.

Sensitivity is how far the true class's probability moves when only a channel's value changes; the invariance gap, how
much the loss rises when the channels become independent of the class. What answers follow is read from predicted
classes, so neither temperature nor scale matters.
"""

import numpy as np

from spurgen.harness.metrics.arrays import (
    Bool,
    Float64,
    Labels,
    Scores,
    as_flags,
    as_integers,
    as_probabilities,
    as_reals,
    failure,
    log_softmax,
)


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


def follow_rate(answers: Labels, labels: Labels, values: Labels, aligned: Bool) -> float:
    """Return the share of answers that follow a switched shortcut, in [0, 1].

    `answers`: classes predicted for samples of which the shortcut shows `values`; `labels`: their classes; integers
    (n,). `aligned`: bool (V, K), True where value v goes with class k. A sample counts if its value goes with other
    classes than its own, and it follows if the answer is one of these. Raises `MetricError` for arrays of another shape
    or range, or if no sample counts.
    """
    table = as_flags("aligned", aligned, ("V", "K"))
    given = as_integers("answers", answers, "n", table.shape[1])
    truth = as_integers("labels", labels, len(given), table.shape[1])
    shown = as_integers("values", values, len(given), len(table))
    goes = table.sum(axis=1) > 0
    switched = goes[shown] & ~table[shown, truth]
    if not switched.any():
        actual = "no value that goes with another class than its sample's"
        raise failure("values", actual, "at least one", "switch the shortcut to the values of other classes")
    return float(table[shown[switched], given[switched]].mean())


def thing_use(base: Labels, twins: Labels, labels: Labels, exchanged: Labels) -> float:
    """Return the share of samples whose answer follows the thing when only the thing is exchanged, in [0, 1].

    `base` and `twins`: classes predicted before and after; `labels` and `exchanged`: the classes of both things;
    integers (n,). A sample counts if both answers are right.
    """
    before, after = as_integers("base", base, "n", None), as_integers("twins", twins, len(base), None)
    first = as_integers("labels", labels, len(base), None)
    second = as_integers("exchanged", exchanged, len(base), None)
    return float(((before == first) & (after == second)).mean())
