"""Learning from failure (Nam et al. 2020, Algorithm 1): samples that are hard for a biased network count more.

Two networks are trained at once. The generalised cross-entropy of Zhang & Sabuncu 2018 amplifies the bias of the first.
The second weights a sample by how much harder it is for the first than for itself.
"""

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from spurgen.baselines.jtt import FirstStageRecipe
from spurgen.baselines.training.hyperparameters import redefined
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, Step, Uniform, train, within

Q = "Nam et al. 2020, section 4: 0.7; SubpopBench U(.05, .95)"


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the exponent of the generalised cross-entropy and the decay of the averaged losses.

    On frozen features, `first_l2` keeps the biased network from fitting every sample.
    """

    q: float = within(0.01, 1.0, Q, default=0.46, search=Uniform(0.05, 0.95))
    decay: float = within(0.0, 0.999, "Nam et al. 2020, released code: 0.7", default=0.7)
    first_l2: float = redefined(FirstStageRecipe, "first_l2")


class AveragedLosses:
    """Exponential moving average of each train sample's loss; `labels` int64 (n,)."""

    def __init__(self, labels: Tensor, num_classes: int, decay: float) -> None:
        self.labels, self.num_classes, self.decay = labels, num_classes, decay
        self.values = torch.full(labels.shape, torch.nan, device=labels.device)
        """Averages, (n,), nats; NaN for samples not seen yet."""

    def update(self, indices: Tensor, losses: Tensor) -> None:
        """Add the losses, float32 (b,), of the samples at `indices`; a sample's first loss becomes its average."""
        self.values = self.values.to(losses.dtype)
        before = self.values[indices]
        after = self.decay * before + (1 - self.decay) * losses
        self.values[indices] = torch.where(before.isnan(), losses, after)

    def relative(self, indices: Tensor) -> Tensor:
        """Return averages divided by the largest of the same class, float32 (b,) in [0, 1].

        Otherwise all samples of a harder class would be weighted more.
        """
        seen = self.values.nan_to_num(0.0)
        largest = seen.new_zeros(self.num_classes).scatter_reduce(0, self.labels, seen, "amax")
        return seen[indices] / largest[self.labels[indices]].clamp(min=1e-8)


class RelativeDifficulty(nn.Module):
    """Training objective that trains a biased network beside the step's own and weights the losses of the latter.

    `solve` finds the optimum for fixed weights, equal at first, and renews them from both optima, `rounds` times.
    """

    rounds = 10

    def __init__(self, biased: Network, labels: Tensor, hyper: Hyperparameters) -> None:
        super().__init__()
        self.l2 = hyper.first_l2
        self.fixed = torch.ones(labels.shape, dtype=torch.float64, device=labels.device)
        self.biased, self.q = biased, hyper.q
        count = biased.head.out_features
        self.biased_losses = AveragedLosses(labels, count, hyper.decay)
        self.own_losses = AveragedLosses(labels, count, hyper.decay)

    def forward(self, step: Step) -> Tensor:
        """Return the sum of both networks' losses; no gradient flows from one network's loss to the other network."""
        logits = self.biased(step.inputs)
        losses = cross_entropy(logits, step.labels, reduction="none")
        self.biased_losses.update(step.indices, losses.detach())
        self.own_losses.update(step.indices, step.losses.detach())
        weights = self.weights(step.indices)
        easy = losses <= losses.median()
        step.notes |= {
            "biased_loss": losses.mean(),
            "biased_lead_where_easy": _mean(step.losses - losses, easy),
            "weight_where_easy": _mean(weights, easy),
            "weight_where_hard": _mean(weights, ~easy),
        }
        return (weights * step.losses).mean() + generalised_cross_entropy(losses, self.q).mean()

    def whole(self, step: Step) -> Tensor:
        """Return the sum of both networks' losses, for fixed weights."""
        losses = cross_entropy(self.biased(step.inputs), step.labels, reduction="none")
        return (self.fixed * step.losses).mean() + generalised_cross_entropy(losses, self.q).mean()

    def renew(self, step: Step) -> None:
        """Set the weights to those that follow from the networks' losses."""
        losses = cross_entropy(self.biased(step.inputs), step.labels, reduction="none")
        self.biased_losses.update(step.indices, losses)
        self.own_losses.update(step.indices, step.losses)
        self.fixed = self.weights(step.indices)

    def weights(self, indices: Tensor) -> Tensor:
        """Return the biased network's share of both relative losses, float32 (b,) in [0, 1]."""
        biased, own = self.biased_losses.relative(indices), self.own_losses.relative(indices)
        return biased / (biased + own).clamp(min=1e-8)


def generalised_cross_entropy(losses: Tensor, q: float) -> Tensor:
    """Return (1 - p^q) / q, where p is the true class's probability (Zhang & Sabuncu 2018, equation 6).

    `losses` float32 (b,), cross-entropy, nats.
    """
    return -torch.expm1(-q * losses) / q


def _mean(values: Tensor, where: Tensor) -> Tensor:
    return (values * where).sum() / where.sum().clamp(min=1)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train both networks on shuffled batches and return the second."""
    network = problem.network(hyper)
    labels = problem.train.labels
    objective = RelativeDifficulty(problem.network(hyper, "biased"), labels, hyper)
    train(network, problem, hyper, objective=objective)
    weights = objective.weights(torch.nonzero(~objective.own_losses.values.isnan()).flatten())
    problem.journal.check("the weights differ between samples", bool(weights.max() - weights.min() > 0.01))
    return network


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0098, weight_decay=0.11),
    access="val_groups",
    version=4,
    frozen={"l2": 5.8e-07, "q": 0.37, "first_l2": 0.00032},
)
