"""Focal loss (Lin et al. 2017): the more confident the network is of a sample's label, the less the sample counts."""

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, Recipe, Step, train, within

GAMMA = "Lin et al. 2017, section 3.2: 0 to 5, 2 works best; SubpopBench 0.5 * 10^U(0, 1)"


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus how strongly confident samples are discounted; 0 is ERM."""

    gamma: float = within(0.0, 5.0, GAMMA, default=2.1, search=LogUniform(0.5, 5.0))


def focal_losses(losses: Tensor, gamma: float) -> Tensor:
    """Return (1 - p)^gamma * loss for each cross-entropy loss = -log p (Lin et al. 2017, equation 4); (b,), nats."""
    # Clamped, since a power below 1 has an infinite gradient where p rounds to 1.
    complements = -torch.expm1(-losses)
    return complements.clamp(min=1e-6) ** gamma * losses


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on the mean focal loss of shuffled batches."""

    def objective(step: Step) -> Tensor:
        return focal_losses(step.losses, hyper.gamma).mean()

    return train(problem.network(hyper), problem, hyper, objective=objective)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0025, weight_decay=0.42),
    access="none",
    version=4,
    frozen={"l2": 2.7e-06, "gamma": 1.3},
)
