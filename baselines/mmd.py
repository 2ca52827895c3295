"""Maximum mean discrepancy (Li et al. 2018): penalises features whose distribution differs between environments.

As in DomainBed (Gulrajani & Lopez-Paz 2021): between every pair of environments, with seven Gaussian kernels and
without an adversarial autoencoder.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from spurgen.baselines.irm import Environment, PenaltyRecipe, fit_penalised
from spurgen.baselines.training.toolkit import Baseline, Network, Problem

KERNELS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
"""The g of each kernel exp(-g |x - y|^2), as in DomainBed: powers of ten, so that one fits any scale of features."""


def mmd_penalty(environments: Sequence[Environment]) -> Tensor:
    """Return the squared discrepancy between two environments' features, summed over kernels, averaged over pairs.

    This is the biased estimate (Gretton et al. 2012, equation 5), which is never negative.
    """
    count, sizes = len(environments), [len(each.features) for each in environments]
    flat = torch.cat([each.features for each in environments])
    flat = flat - flat.mean(0)  # keeps all distances, and avoids cancellation in the next lines
    squares = flat.square().sum(1)
    distances = (squares[:, None] + squares - 2 * flat @ flat.mT).clamp(min=0)
    kernel = torch.stack([(-g * distances).exp() for g in KERNELS]).sum(0)
    ids = torch.arange(count, device=kernel.device).repeat_interleave(torch.tensor(sizes, device=kernel.device))
    shares = one_hot(ids).to(kernel.dtype) / torch.tensor(sizes, device=kernel.device)
    between: Tensor = shares.mT @ kernel @ shares
    within_each = between.diagonal()
    return (within_each[:, None] + within_each - 2 * between).sum() / (count * (count - 1))


def fit(problem: Problem, hyper: PenaltyRecipe) -> Network:
    """Train on batches with equally many samples of every environment."""
    # The penalty compares all samples with one another: solving takes over a minute.
    return fit_penalised(problem, hyper, mmd_penalty, hidden=True, solvable=False)


submission = Baseline(
    __name__,
    fit,
    PenaltyRecipe(lr=0.0056, weight_decay=0.19, penalty_weight=0.34),
    access="envs",
    version=6,
    frozen={"l2": 1.6e-07, "penalty_weight": 2.0},
)
