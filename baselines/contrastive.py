"""Contrastive augmentation: NT-Xent (Chen et al. 2020) pulls every sample towards its twin.

A twin is the same sample with all channels redrawn, so features that agree on both do not depend on the channels. Like
any augmentation it keeps the label, and it is classified too: features that encode only position and size would also
minimise the contrastive loss alone. The method needs counterfactual samples, so it has an access tier of its own.
"""

import math

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from spurgen.baselines.cda import check_twins, features_of_both
from spurgen.baselines.training.samplers import repeated, shuffled
from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, Recipe, Step, train, within

TEMPERATURE = "Chen et al. 2020, appendix B.9: 0.5 on CIFAR-10; table 5: 0.05 to 1"
WEIGHT = "searched around equal weight for both losses; Zhang et al. 2022 (CnC): 0.75 of the whole"


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the weight and temperature of the contrastive loss, and the width of its projection."""

    contrastive_weight: float = within(0.0, 100.0, WEIGHT, default=0.7, search=LogUniform(0.1, 10.0))
    temperature: float = within(0.01, 10.0, TEMPERATURE, default=0.05, search=LogUniform(0.05, 1.0))
    projection_dim: int = within(1, 4096, "Chen et al. 2020, section 2.3: 128", default=128)


class Contrastive(nn.Module):
    """Training objective: mean cross-entropy of samples and twins plus their weighted NT-Xent loss."""

    solvable = False  # partners are told apart within a batch, and the projection is no linear map

    def __init__(self, feature_dim: int, hyper: Hyperparameters) -> None:
        super().__init__()
        self.weight, self.temperature = hyper.contrastive_weight, hyper.temperature
        self.projection = nn.Sequential(
            nn.Linear(feature_dim, feature_dim), nn.ReLU(), nn.Linear(feature_dim, hyper.projection_dim)
        )

    def forward(self, step: Step) -> Tensor:
        """Return the loss of a batch."""
        features = features_of_both(step)
        risk = cross_entropy(step.network.head(features), step.labels.repeat(2))
        contrastive = nt_xent(self.projection(features), self.temperature)
        step.notes |= {"risk": risk, "contrastive": contrastive}
        return risk + self.weight * contrastive


def nt_xent(projections: Tensor, temperature: float) -> Tensor:
    """Return the mean cross-entropy of identifying each row's partner among all others (Chen et al. 2020, equation 1).

    `projections` (2b, d), where rows i and b + i are partners. Similarity is the cosine divided by the temperature.
    """
    unit = normalize(projections, dim=1)
    similarities = (unit @ unit.mT / temperature).fill_diagonal_(-torch.inf)
    partners = torch.arange(len(unit), device=unit.device).roll(len(unit) // 2)
    return cross_entropy(similarities, partners)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train the network and the projection together on samples and their twins."""
    check_twins(problem)
    network, count = problem.network(hyper, hidden=True), len(problem.train)
    with problem.initialising("projection"):
        objective = Contrastive(network.head.in_features, hyper)
    # Twins fill half of each batch, so a step and an epoch cost as much as in ERM.
    size = min(max(2, hyper.batch_size // 2), count)
    sampler = repeated(shuffled(torch.arange(count), size), max(1, count // hyper.batch_size))
    train(network, problem, hyper, sampler=sampler, objective=objective)
    final = float(problem.journal.curves[-1]["contrastive"])
    problem.journal.check("the contrastive loss ended below chance", final < math.log(2 * size - 1))
    return network


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0056, weight_decay=0.19),
    access="twins",
    version=3,
    frozen={"l2": 0.0001, "contrastive_weight": 0.5, "temperature": 0.51},
)
