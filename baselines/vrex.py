"""Variance risk extrapolation (Krueger et al. 2021): penalises risks that differ between environments."""

from collections.abc import Sequence

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spurgen.baselines.irm import Environment, PenaltyRecipe, fit_penalised
from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, within

BETA = "Gulrajani & Lopez-Paz 2021, appendix D: 10^U(-1, 5), default 10; searched: its lower two thirds"
ANNEAL = "Gulrajani & Lopez-Paz 2021, appendix D: 500 of 5,001 steps; as a share, so that it ends"


@dataclass(frozen=True)
class Hyperparameters(PenaltyRecipe):
    """Penalty settings with a lower weight than published, and the published annealing."""

    penalty_weight: float = within(0.0, 1e6, BETA, default=1.2, search=LogUniform(0.1, 1e3))
    anneal: float = within(0.0, 0.9, ANNEAL, default=0.1)


def vrex_penalty(environments: Sequence[Environment]) -> Tensor:
    """Return the variance of the E environments' mean losses, divided by E, not E - 1 (Krueger et al. 2021, V-REx)."""
    return torch.stack([each.losses.mean() for each in environments]).var(correction=0)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on batches with equally many samples of every environment."""
    return fit_penalised(problem, hyper, vrex_penalty)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0056, weight_decay=0.19),
    access="envs",
    version=5,
    frozen={"l2": 2.7e-06, "penalty_weight": 4.1},
)
