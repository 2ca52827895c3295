"""Sensitivities: how far the true class's probability moves between a base sample and its twins.

Spurious sensitivity: a channel's value changes. Core sensitivity: the class itself changes. Placebo sensitivity: only
the nuisances are redrawn.
"""

import numpy as np

from spurgen.harness.metrics.arrays import Float64, Labels, Scores, as_integers, as_probabilities


def _true_class_shifts(base_probs: Scores, name: str, twins: Scores, labels: Labels, *, per_value: bool) -> Float64:
    """Return the mean over twins of |p_base[y] - p_twin[y]|, float64 (m,).

    `twins`: probabilities of one twin per sample, (m, K), or with `per_value` of V, (m, V, K); errors call them `name`.
    """
    base = as_probabilities("base_probs", base_probs, ("m", "K"))
    count, num_classes = base.shape
    twin = as_probabilities(name, twins, (count, "V", num_classes) if per_value else base.shape)
    at = as_integers("labels", labels, count, num_classes)
    rows = np.arange(count)
    of_twins = twin.reshape(count, -1, num_classes)[rows, :, at]  # (m, V)
    shifts: Float64 = np.abs(base[rows, at][:, None] - of_twins).mean(axis=1)
    return shifts


def spurious_sensitivities(base_probs: Scores, twin_probs: Scores, labels: Labels) -> Float64:
    """Return each sample's part of the Spurious Sensitivity Score of a channel, float64 (m,) in [0, 1].

    `base_probs`: calibrated probabilities (m, K). `twin_probs`: those of the same samples under each of the channel's V
    values, (m, V, K), the sample's own value included, so that the mean over values is the exact expectation over
    Shuffle_c. `labels`: integers (m,) in [0, K). Raises `MetricError` for arrays that are misshapen, non-finite or no
    probabilities, or labels out of range.
    """
    return _true_class_shifts(base_probs, "twin_probs", twin_probs, labels, per_value=True)


def spurious_sensitivity(base_probs: Scores, twin_probs: Scores, labels: Labels) -> float:
    """Return `SSS_c = E |f(x)[y] - f(Shuffle_c(x))[y]|`, in [0, 1]: the mean of `spurious_sensitivities`."""
    return float(spurious_sensitivities(base_probs, twin_probs, labels).mean())


def core_sensitivities(base_probs: Scores, core_probs: Scores, labels: Labels) -> Float64:
    """Return each sample's `|f(x)[y] - f(core twin)[y]|`, y the base's label: float64 (m,) in [0, 1].

    `base_probs`, `core_probs`: probabilities (m, K); a core twin shows another class and keeps all else.
    `labels`: the base samples' labels, integers (m,) in [0, K). Raises as `spurious_sensitivities`.
    """
    return _true_class_shifts(base_probs, "core_probs", core_probs, labels, per_value=False)


def core_sensitivity(base_probs: Scores, core_probs: Scores, labels: Labels) -> float:
    """Return the mean of `core_sensitivities`, in [0, 1]: 0 for a model that ignores the core cue."""
    return float(core_sensitivities(base_probs, core_probs, labels).mean())


def placebo_sensitivities(base_probs: Scores, placebo_probs: Scores, labels: Labels) -> Float64:
    """Return each sample's `|f(x)[y] - f(placebo twin)[y]|`, float64 (m,) in [0, 1].

    `base_probs`, `placebo_probs`: probabilities (m, K); a placebo twin differs in its nuisances only.
    `labels`: integers (m,) in [0, K). Raises as `spurious_sensitivities`.
    """
    return _true_class_shifts(base_probs, "placebo_probs", placebo_probs, labels, per_value=False)


def placebo_sensitivity(base_probs: Scores, placebo_probs: Scores, labels: Labels) -> float:
    """Return the mean of `placebo_sensitivities`, in [0, 1]: the sensitivity that redrawn nuisances alone cause."""
    return float(placebo_sensitivities(base_probs, placebo_probs, labels).mean())
