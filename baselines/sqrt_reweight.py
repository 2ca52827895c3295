"""Square-root inverse reweighting: on a logarithmic scale, halfway from ERM to `reweight`.

Weights 1 / sqrt(size) (Mahajan et al. 2018, as sampling probabilities; SqrtReWeight in Yang et al. 2023).
"""

import torch

from spurgen.baselines.reweight import fit_weighted
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe


def fit(problem: Problem, hyper: Recipe) -> Network:
    """Train with each sample weighted by 1 / sqrt(size) of its group."""
    return fit_weighted(problem, hyper, torch.rsqrt)


submission = Baseline(
    __name__, fit, Recipe(lr=0.0098, weight_decay=0.11), access="train_groups", version=4, frozen={"l2": 1.6e-07}
)
