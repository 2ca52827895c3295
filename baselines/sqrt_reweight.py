"""Square-root inverse reweighting: on a logarithmic scale, halfway from ERM to `reweight`.

Weights 1 / sqrt(size) (Mahajan et al. 2018, as sampling probabilities; SqrtReWeight in Yang et al. 2023).
"""

import torch
from pydantic.dataclasses import dataclass

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, redefined
from spurgen.baselines.training.weighting import fit_weighted


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings; reweighting adds none."""

    lr: float = redefined(Recipe, "lr", default=0.0098)
    weight_decay: float = redefined(Recipe, "weight_decay", default=0.11)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train with each sample weighted by 1 / sqrt(size) of its group."""
    return fit_weighted(problem, hyper, torch.rsqrt)


submission = Baseline(__name__, fit, Hyperparameters(), access="train_groups", version=3, frozen={"l2": 2.4e-07})
