"""Deep CORAL (Sun & Saenko 2016): penalises features whose means or covariances differ between environments.

As in DomainBed (Gulrajani & Lopez-Paz 2021), which adds the means and compares every pair of environments.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from spurgen.baselines.irm import Environment, PenaltyRecipe, fit_penalised
from spurgen.baselines.training.toolkit import Baseline, Network, Problem


def coral_penalty(environments: Sequence[Environment]) -> Tensor:
    """Return the mean squared difference of the feature means of two environments, plus that of their covariances.

    The mean is over entries and over pairs of environments. It is computed as twice the variance over environments,
    which equals the mean squared difference over pairs.
    """
    means = torch.stack([each.features.mean(0) for each in environments])
    covariances = torch.stack([each.features.T.cov() for each in environments])
    return 2 * (means.var(0).mean() + covariances.var(0).mean())


def fit(problem: Problem, hyper: PenaltyRecipe) -> Network:
    """Train on batches with equally many samples of every environment."""
    return fit_penalised(problem, hyper, coral_penalty, hidden=True)


submission = Baseline(
    __name__,
    fit,
    PenaltyRecipe(lr=0.0023, weight_decay=0.6, penalty_weight=3.4),
    access="envs",
    version=5,
    frozen={"l2": 8.4e-06, "penalty_weight": 0.13},
)
