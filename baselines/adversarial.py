"""Adversarial feature debiasing by gradient reversal (Ganin et al. 2016).

A small head per channel learns to read the channel's value off the features; its gradient, turned
around, teaches the features not to tell.
"""

import math
from dataclasses import field

import torch
from pydantic.dataclasses import dataclass
from scipy.stats import binom, chi2_contingency
from scipy.stats.contingency import crosstab
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Data
from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.baselines.training.loop import Step, train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import balanced
from spurgen.baselines.training.seeding import seeded

LAMBDA = "Gulrajani & Lopez-Paz 2021, appendix D: DANN 10^U(-2, 2), default 1; Ganin et al. 2016: 1"
WIDTH = "Ganin et al. 2016: 100 on MNIST, 1,024 on SVHN"
EARLY = 0.9
"""The ramp up to which the adversaries' answers count as early: the first 30 % of training."""
SIGNIFICANCE = 0.01


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Adds the weight of the reversed gradient at the end of its ramp, and the width of the heads."""

    adversary_weight: float = field(default=1.0, metadata=within(0.0, 100.0, LAMBDA, search=(0.1, 1.0, 10.0)))
    adversary_width: int = field(default=100, metadata=within(1, 4096, WIDTH))


def ramp(progress: float) -> float:
    """Returns the share of the full weight, from 0 to almost 1, at a share of training (Ganin et al. 2016)."""
    return 2 / (1 + math.exp(-10 * progress)) - 1


def reverse_gradient(features: Tensor, weight: float) -> Tensor:
    """Returns the features themselves, whose gradient is multiplied by -weight (Ganin et al. 2016, section 4.2)."""
    constant = features.detach()
    return constant - weight * (features - constant)


class Adversaries(nn.Module):
    """Adds the adversaries' mean loss to the batch's; `sizes` maps channels to their numbers of values.

    The mean, so that the weight means the same for any number of channels. `right` counts each
    adversary's early hits, and `asked` how often each value was to be found, int64 (values,).
    """

    def __init__(self, sizes: dict[str, int], feature_dim: int, hyper: Hyperparameters) -> None:
        super().__init__()
        self.weight, width = hyper.adversary_weight, hyper.adversary_width
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(feature_dim, width), nn.ReLU(), nn.Linear(width, size)) for size in sizes.values()
        )
        self.right = {name: torch.tensor(0) for name in sizes}
        self.asked = {name: torch.zeros(size, dtype=torch.int64) for name, size in sizes.items()}

    def forward(self, step: Step) -> Tensor:
        """Returns the batch's mean loss plus the mean of the adversaries'."""
        share = ramp(step.progress)
        features = reverse_gradient(step.features, self.weight * share)
        against = []
        for name, head in zip(self.right, self.heads, strict=True):
            values = step.data.channels[name][step.indices]
            guesses = head(features)
            against.append(cross_entropy(guesses, values))
            hits = guesses.argmax(1) == values
            step.notes[f"adversary_{name}"] = hits.float().mean()
            if share <= EARLY:  # added up on the device, where one_hot, unlike bincount, makes no GPU wait
                self.right[name] = hits.sum() + self.right[name].to(hits.device)
                self.asked[name] = one_hot(values, len(self.asked[name])).sum(0) + self.asked[name].to(hits.device)
        step.notes["risk"] = step.losses.mean()
        return step.losses.mean() + torch.stack(against).mean()

    def beat_chance(self, name: str) -> bool:
        """Says whether there were more early hits than the best constant answer would have had, by a binomial test."""
        right, asked = self.right[name].item(), self.asked[name]
        total = asked.sum().item()
        return bool(binom.sf(right - 1, total, asked.max().item() / total) < SIGNIFICANCE)


def goes_with_class(data: Data, name: str) -> bool:
    """Says whether a channel depends on the class in the data, by a chi-squared test."""
    table = crosstab(data.labels.cpu().numpy(), data.channels[name].cpu().numpy()).count
    return bool(chi2_contingency(table).pvalue < SIGNIFICANCE)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Trains the network and its adversaries together on group-balanced batches.

    Ganin et al. fill a batch in equal parts too, from their two domains. As the samples come, channel
    and class go together, and features that do not tell the one cannot tell the other.
    """
    network, data = problem.network(hyper), problem.train
    sizes = {name: int(values.max()) + 1 for name, values in data.channels.items()}
    with seeded(problem.seed_for("init", "adversaries"), torch.device("cpu")):
        adversaries = Adversaries(sizes, network.head.in_features, hyper)
    train(network, problem, hyper, sampler=balanced(data.groups, hyper.batch_size), objective=adversaries)
    for name in sizes:
        # Of a channel that has nothing to do with the class, good features may tell nothing from the start.
        if goes_with_class(data, name):
            promise = f"the adversary of {name} beat chance before the reversal took hold"
            problem.journal.check(promise, adversaries.beat_chance(name))
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(), access="train_groups", version=1)
