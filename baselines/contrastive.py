"""Contrastive augmentation: NT-Xent (Chen et al. 2020) pulls every sample towards its twin.

A twin is the same sample with all channels redrawn, so features that agree on both say nothing of
the channels. As every augmentation it keeps the label, and is classified too: the contrastive loss
alone is also met by features that only tell where and how large things are. Needs counterfactual
access, hence a tier of its own.
"""

import math
from dataclasses import field

import torch
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.baselines.training.loop import Step, train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import Sampler, shuffled
from spurgen.baselines.training.seeding import seeded

TEMPERATURE = "Chen et al. 2020, appendix B.9: 0.5 on CIFAR-10; table 5: 0.05 to 1"
WEIGHT = "chosen here: both losses count alike; Zhang et al. 2022 (CnC): 0.75 of the whole"
LOOKED_AT = 1000
"""The samples whose twins are compared with them."""


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Adds the contrastive loss's weight and temperature, and the width of its projection."""

    contrastive_weight: float = field(default=1.0, metadata=within(0.0, 100.0, WEIGHT, search=(0.1, 1.0, 10.0)))
    temperature: float = field(default=0.5, metadata=within(0.01, 10.0, TEMPERATURE, search=(0.1, 0.5, 1.0)))
    projection_dim: int = field(default=128, metadata=within(1, 4096, "Chen et al. 2020, section 2.3: 128"))


class Contrastive(nn.Module):
    """Adds the weighted NT-Xent loss of samples and twins to their mean cross-entropy."""

    def __init__(self, feature_dim: int, hyper: Hyperparameters) -> None:
        super().__init__()
        self.weight, self.temperature = hyper.contrastive_weight, hyper.temperature
        self.projection = nn.Sequential(
            nn.Linear(feature_dim, feature_dim), nn.ReLU(), nn.Linear(feature_dim, hyper.projection_dim)
        )

    def forward(self, step: Step) -> Tensor:
        """Returns the batch's loss."""
        # One pass over both: in two, batch norm would tell the samples from the twins.
        pairs = zip(step.network.embed(step.inputs), step.network.embed(step.twins), strict=True)
        features = step.network.encode_embedded([torch.cat(pair) for pair in pairs])
        risk = cross_entropy(step.network.head(features), step.labels.repeat(2))
        contrastive = nt_xent(self.projection(features), self.temperature)
        step.notes |= {"risk": risk, "contrastive": contrastive}
        return risk + self.weight * contrastive


def nt_xent(projections: Tensor, temperature: float) -> Tensor:
    """Returns the mean cross-entropy of finding each one's partner among all others (Chen et al. 2020, equation 1).

    `projections` (2b, d), row i and row b + i being partners; similarity is the cosine over the temperature.
    """
    unit = normalize(projections, dim=1)
    similarities = (unit @ unit.mT / temperature).fill_diagonal_(-torch.inf)
    partners = torch.arange(len(unit), device=unit.device).roll(len(unit) // 2)
    return cross_entropy(similarities, partners)


def some(sampler: Sampler, batches: int) -> Sampler:
    """Draws only the first batches of each epoch."""

    def draw(generator: Generator) -> Tensor:
        return sampler(generator)[:batches]

    return draw


def differ(inputs: Inputs, twins: Inputs) -> Tensor:
    """Says which samples differ from their twins, bool (n,)."""
    pairs = ((inputs.images, twins.images), (inputs.tokens, twins.tokens))
    return torch.stack([(a != b).flatten(1).any(1) for a, b in pairs if a is not None and b is not None]).any(0)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Trains the network and the projection together on samples and their twins."""
    first = slice(0, LOOKED_AT)
    changed = differ(problem.train.inputs.take(first), problem.train.counterparts.take(first))
    problem.journal.check("most twins differ from their samples", bool(changed.float().mean() > 0.5))
    network, count = problem.network(hyper), len(problem.train)
    with seeded(problem.seed_for("init", "projection"), torch.device("cpu")):
        objective = Contrastive(network.head.in_features, hyper)
    # Twins fill half of a batch, so that neither a step nor an epoch costs more than one of ERM.
    size = min(max(2, hyper.batch_size // 2), count)
    sampler = some(shuffled(torch.arange(count), size), max(1, count // hyper.batch_size))
    train(network, problem, hyper, sampler=sampler, objective=objective)
    found = float(problem.journal.curves[-1]["contrastive"])
    problem.journal.check("the contrastive loss ended below chance", found < math.log(2 * size - 1))
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(lr=0.004), access="twins", version=1)
