"""Invariant risk minimisation (Arjovsky et al. 2019, IRMv1).

Requires one classifier to be optimal in every environment, by penalising the gradient of each environment's risk with
respect to a dummy scale of the logits.
"""

from collections.abc import Sequence

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spurgen.baselines.training.penalty import Environment, PenaltyRecipe, fit_penalised
from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, within

LAMBDA = "Gulrajani & Lopez-Paz 2021, appendix D: 10^U(-1, 5), default 100; searched: its lower two thirds"


@dataclass(frozen=True)
class Hyperparameters(PenaltyRecipe):
    """Penalty settings with a lower weight than published, and the published annealing."""

    penalty_weight: float = within(0.0, 1e6, LAMBDA, default=1.2, search=LogUniform(0.1, 1e3))
    anneal: float = within(0.0, 0.9, "Arjovsky et al. 2019: 190 of 501 steps", default=0.38)


def irm_penalty(environments: Sequence[Environment]) -> Tensor:
    """Return the mean over environments of the squared gradient of the risk at scale 1 (IRMv1, equation 5).

    For logits z, the gradient of the cross-entropy of w z at w = 1 is E[sum_k (p_k - y_k) z_k], so no second backward
    pass is needed. The gradient of the whole batch is squared: a product of two halves' gradients can be negative.
    """
    return torch.stack([scale_gradient(each).square() for each in environments]).mean()


def scale_gradient(environment: Environment) -> Tensor:
    """Return the gradient of an environment's risk with respect to a scale of its logits, at scale 1."""
    z = environment.logits
    truth = z.gather(1, environment.labels.unsqueeze(1)).squeeze(1)
    return ((torch.softmax(z, dim=1) * z).sum(1) - truth).mean()


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on batches with equally many samples of every environment."""
    return fit_penalised(problem, hyper, irm_penalty)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0056, weight_decay=0.19),
    access="envs",
    version=4,
    frozen={"l2": 2.4e-07, "penalty_weight": 1.2},
)
