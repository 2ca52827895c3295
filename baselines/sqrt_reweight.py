"""Square-root inverse reweighting: on a logarithmic scale, halfway from ERM to `reweight`.

Weights 1 / sqrt(size) (Mahajan et al. 2018, as sampling probabilities; SqrtReWeight in Yang et al. 2023).
"""

import torch
from pydantic.dataclasses import dataclass

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe
from spurgen.baselines.training.weighting import fit_weighted


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings; reweighting adds none."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train with each sample weighted by 1 / sqrt(size) of its group."""
    return fit_weighted(problem, hyper, torch.rsqrt)


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(lr=0.002, weight_decay=1.0), access="train_groups", version=1)
