"""How far the true class's probability moves between a sample and its twins: what all sensitivities are made of."""

import numpy as np

from spurgen.harness.metrics.arrays import Float64, Labels, Scores, as_integers, as_probabilities


def true_class_shifts(base_probs: Scores, name: str, twins: Scores, labels: Labels, *, per_value: bool) -> Float64:
    """Returns the mean over twins of |p_base[y] - p_twin[y]|: float64 (m,).

    `base_probs`: probabilities (m, K). `twins`: probabilities of one twin per sample, (m, K), or with
    `per_value` of V, (m, V, K); errors call them `name`. `labels`: integers (m,) in [0, K).

    Raises:
        MetricError: for arrays that are misshapen, non-finite or no probabilities, or bad labels.
    """
    base = as_probabilities("base_probs", base_probs, ("m", "K"))
    count, num_classes = base.shape
    twin = as_probabilities(name, twins, (count, "V", num_classes) if per_value else base.shape)
    at = as_integers("labels", labels, count, num_classes)
    rows = np.arange(count)
    of_base = base[rows, at]  # (m,)
    of_twins = twin.reshape(count, -1, num_classes)[rows, :, at]  # (m, V)
    shifts: Float64 = np.abs(of_base[:, None] - of_twins).mean(axis=1)
    return shifts
