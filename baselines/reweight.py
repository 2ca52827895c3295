"""Inverse reweighting: every group has the same total weight in the loss, however few samples it has.

Importance weights 1 / size (Shimodaira 2000; ReWeight in Yang et al. 2023). Batches are drawn as for ERM; `resample`
minimises the same risk by sampling.
"""

import torch

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe
from spurgen.baselines.training.weighting import fit_weighted


def fit(problem: Problem, hyper: Recipe) -> Network:
    """Train with each sample weighted by 1 / size of its group."""
    return fit_weighted(problem, hyper, torch.reciprocal)


submission = Baseline(
    __name__, fit, Recipe(lr=0.004, weight_decay=0.1), access="train_groups", version=2, frozen={"l2": 0.00031}
)
