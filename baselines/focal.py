"""Focal loss (Lin et al. 2017): the more confident the network is of a sample's label, the less the sample counts."""

from dataclasses import field

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.baselines.training.loop import Step, train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import shuffled


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus how strongly confident samples are discounted; 0 is ERM."""

    gamma: float = field(
        default=2.0,
        metadata=within(0.0, 5.0, "Lin et al. 2017, section 3.2: 0 to 5, 2 works best", search=(0.5, 1.0, 2.0, 5.0)),
    )


def focal_losses(losses: Tensor, gamma: float) -> Tensor:
    """Return (1 - p)^gamma * loss for each cross-entropy loss = -log p (Lin et al. 2017, equation 4); (b,), nats."""
    # Clamped, since a power below 1 has an infinite gradient where p rounds to 1.
    complements = -torch.expm1(-losses)
    return complements.clamp(min=1e-6) ** gamma * losses


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on the mean focal loss of shuffled batches."""

    def objective(step: Step) -> Tensor:
        return focal_losses(step.losses, hyper.gamma).mean()

    network = problem.network(hyper)
    sampler = shuffled(torch.arange(len(problem.train)), hyper.batch_size)
    train(network, problem, hyper, sampler=sampler, objective=objective)
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(lr=0.004), access="none", version=1)
