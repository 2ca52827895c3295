"""Core use: how much probability follows the class when the class alone changes."""

import numpy as np

from spurgen.harness.metrics.arrays import Float64, Labels, Scores, as_integers, as_probabilities


def core_uses(base_probs: Scores, core_probs: Scores, labels: Labels, core_labels: Labels) -> Float64:
    """Return each sample's ((p_twin[y'] - p_base[y']) + (p_base[y] - p_twin[y])) / 2, float64 (m,) in [-1, 1].

    `base_probs`, `core_probs`: probabilities (m, K) of the base samples and of their core twins, which show another
    class and keep all else. `labels`, `core_labels`: their labels y and y', integers (m,) in [0, K). Raises
    `MetricError` for arrays that are misshapen, non-finite or no probabilities, or labels out of range.
    """
    base = as_probabilities("base_probs", base_probs, ("m", "K"))
    twin = as_probabilities("core_probs", core_probs, base.shape)
    before = as_integers("labels", labels, *base.shape)
    after = as_integers("core_labels", core_labels, *base.shape)
    rows = np.arange(len(base))
    gained = twin[rows, after] - base[rows, after]
    lost = base[rows, before] - twin[rows, before]
    uses: Float64 = (gained + lost) / 2
    return uses


def core_use(base_probs: Scores, core_probs: Scores, labels: Labels, core_labels: Labels) -> float:
    """Return the mean of `core_uses`, in [-1, 1]: 1 for an oracle of the class, 0 for a model that ignores it."""
    return float(core_uses(base_probs, core_probs, labels, core_labels).mean())
