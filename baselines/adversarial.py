"""Adversarial debiasing by gradient reversal (Ganin et al. 2016).

A small head per channel, the adversary, learns to predict the channel's value from the features. Its gradient,
reversed, trains the features to hide that value.
"""

import math

import torch
from pydantic.dataclasses import dataclass
from scipy.stats import binom, chi2_contingency
from scipy.stats.contingency import crosstab
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from spurgen.baselines.training.data import Data
from spurgen.baselines.training.hyperparameters import LogUniform
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, Step, balanced, train, within

LAMBDA = "Gulrajani & Lopez-Paz 2021, appendix D: DANN 10^U(-2, 2), default 1; searched: its middle half"
WIDTH = "Ganin et al. 2016: 100 on MNIST, 1,024 on SVHN"
EARLY = 0.9
"""Value of the ramp up to which predictions count as early: the first 30 % of training."""
SIGNIFICANCE = 0.01


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the final weight of the reversed gradient and the width of the adversaries."""

    adversary_weight: float = within(0.0, 100.0, LAMBDA, default=0.15, search=LogUniform(0.1, 10.0))
    adversary_width: int = within(1, 4096, WIDTH, default=100)


def ramp(progress: float) -> float:
    """Return the share of the full weight, in [0, 1), at a training progress in [0, 1] (Ganin et al. 2016)."""
    return 2 / (1 + math.exp(-10 * progress)) - 1


def reverse_gradient(features: Tensor, weight: float) -> Tensor:
    """Return the features unchanged, with their gradient multiplied by -weight (Ganin et al. 2016, section 4.2)."""
    constant = features.detach()
    return constant - weight * (features - constant)


class Adversaries(nn.Module):
    """Training objective that adds the adversaries' mean loss to the batch's; `sizes` maps channels to value counts.

    With the mean over adversaries, the weight does not depend on the number of channels. For early predictions,
    `correct` counts each adversary's correct ones and `targets` how often each value was the target, int64 (values,).
    """

    solvable = False  # a saddle point

    def __init__(self, sizes: dict[str, int], feature_dim: int, hyper: Hyperparameters) -> None:
        super().__init__()
        self.weight, width = hyper.adversary_weight, hyper.adversary_width
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(feature_dim, width), nn.ReLU(), nn.Linear(width, size)) for size in sizes.values()
        )
        self.correct = {name: torch.tensor(0) for name in sizes}
        self.targets = {name: torch.zeros(size, dtype=torch.int64) for name, size in sizes.items()}

    def forward(self, step: Step) -> Tensor:
        """Return the batch's mean loss plus the mean loss of the adversaries."""
        share = ramp(step.progress)
        features = reverse_gradient(step.features, self.weight * share)
        losses = []
        for name, head in zip(self.correct, self.heads, strict=True):
            values = step.data.channels[name][step.indices]
            logits = head(features)
            losses.append(cross_entropy(logits, values))
            hits = logits.argmax(1) == values
            step.notes[f"adversary_{name}"] = hits.float().mean()
            if share <= EARLY:  # counted on the device by one_hot, which unlike bincount does not synchronise a GPU
                counts = one_hot(values, len(self.targets[name])).sum(0)
                self.correct[name] = hits.sum() + self.correct[name].to(hits.device)
                self.targets[name] = counts + self.targets[name].to(hits.device)
        step.notes["risk"] = step.losses.mean()
        return step.losses.mean() + torch.stack(losses).mean()

    def beat_chance(self, name: str) -> bool:
        """Return whether early predictions were better than the best constant prediction, by a binomial test."""
        correct, targets = self.correct[name].item(), self.targets[name]
        total = targets.sum().item()
        return bool(binom.sf(correct - 1, total, targets.max().item() / total) < SIGNIFICANCE)


def depends_on_class(data: Data, name: str) -> bool:
    """Return whether a channel depends on the class in the data, by a chi-squared test."""
    table = crosstab(data.labels.cpu().numpy(), data.channels[name].cpu().numpy()).count
    return bool(chi2_contingency(table).pvalue < SIGNIFICANCE)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train the network and its adversaries together on group-balanced batches.

    Ganin et al. also fill batches in equal parts, from their two domains. In unbalanced batches channel and class are
    correlated, and features that hide the one would hide the other.
    """
    network, data = problem.network(hyper, hidden=True), problem.train
    sizes = {name: int(values.max()) + 1 for name, values in data.channels.items()}
    with problem.initialising("adversaries"):
        adversaries = Adversaries(sizes, network.head.in_features, hyper)
    train(network, problem, hyper, sampler=balanced(data.groups, hyper.batch_size), objective=adversaries)
    for name in sizes:
        # Good features may never encode a channel that is independent of the class.
        if depends_on_class(data, name):
            check = f"the adversary of {name} beat chance before the reversal took hold"
            problem.journal.check(check, adversaries.beat_chance(name))
    return network


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0087, weight_decay=0.83),
    access="train_groups",
    version=4,
    frozen={"l2": 0.0001, "adversary_weight": 4.0},
)
