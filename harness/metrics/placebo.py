"""The placebo floor: how far the true class's probability moves when the nuisances alone are redrawn."""

from spurgen.harness.metrics._shifts import true_class_shifts
from spurgen.harness.metrics.arrays import Float64, Labels, Scores


def placebo_sensitivities(base_probs: Scores, placebo_probs: Scores, labels: Labels) -> Float64:
    """Returns each sample's |f(x)[y] - f(placebo)[y]|: float64 (m,).

    `base_probs`, `placebo_probs`: probabilities (m, K); a placebo twin has only its nuisances
    redrawn. `labels`: integers (m,) in [0, K). Raises as `spurious_sensitivities`.
    """
    return true_class_shifts(base_probs, "placebo_probs", placebo_probs, labels, per_value=False)


def placebo_floor(base_probs: Scores, placebo_probs: Scores, labels: Labels) -> float:
    """Returns the sensitivity that redrawn nuisances alone cause, in [0, 1]; see `placebo_sensitivities`."""
    return float(placebo_sensitivities(base_probs, placebo_probs, labels).mean())
