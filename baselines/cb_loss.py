"""Class-balanced loss (Cui et al. 2019), over groups as in SubpopBench.

A group's weight is the inverse of its effective number of samples. That number grows ever more slowly with the group's
size, since new samples resemble earlier ones more and more.
"""

import math

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spurgen.baselines.reweight import fit_weighted
from spurgen.baselines.training.toolkit import Baseline, Choice, Network, Problem, Recipe, within

BETA = "Cui et al. 2019, section 5: .9 to .9999; SubpopBench: default .9999, 1 - 10^U(-5, -2)"


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus how slowly the effective number saturates: 0 is ERM, and 1 would be `reweight`."""

    beta: float = within(0.0, 0.999999, BETA, default=0.999, search=Choice((0.9, 0.99, 0.999, 0.9999)))


def effective_number(sizes: Tensor, beta: float) -> Tensor:
    """Return (1 - beta^n) / (1 - beta) for group sizes n >= 1, float64 (Cui et al. 2019, proposition 1)."""
    if beta == 0:
        return torch.ones_like(sizes)
    return torch.expm1(sizes * math.log(beta)) / (beta - 1)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train with each sample weighted by the inverse effective number of its group."""
    return fit_weighted(problem, hyper, lambda sizes: 1 / effective_number(sizes, hyper.beta))


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0098, weight_decay=0.11),
    access="train_groups",
    version=4,
    frozen={"l2": 0.0092, "beta": 0.9999},
)
