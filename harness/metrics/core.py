"""Core sensitivity: how far the true class's probability moves when the class itself changes."""

from spurgen.harness.metrics._shifts import true_class_shifts
from spurgen.harness.metrics.arrays import Float64, Labels, Scores


def core_sensitivities(base_probs: Scores, core_probs: Scores, labels: Labels) -> Float64:
    """Returns each sample's |f(x)[y] - f(core twin)[y]|, y the base's label: float64 (m,).

    `base_probs`, `core_probs`: probabilities (m, K); a core twin shows another class, all else kept.
    `labels`: the base samples' labels, integers (m,) in [0, K). Raises as `spurious_sensitivities`.
    """
    return true_class_shifts(base_probs, "core_probs", core_probs, labels, per_value=False)


def core_sensitivity(base_probs: Scores, core_probs: Scores, labels: Labels) -> float:
    """Returns the sensitivity to the core cue, in [0, 1]: 0 for a model that ignores it; see `core_sensitivities`."""
    return float(core_sensitivities(base_probs, core_probs, labels).mean())
