"""Automatic feature reweighting (Qiu et al. 2023).

ERM trains on four fifths of train. On the rest its head is trained further: the surer ERM is of a sample's class, the
less the sample weighs, and the head is drawn to what it was.
"""

from dataclasses import replace

import torch
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor, nn
from torch.nn.functional import linear

from spurgen.baselines.crt import HeadRecipe, retrain_head
from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, logits, train, within

HELD = 0.2
"""Share of train on which the head is trained, as by the authors."""
_COMMANDS = "Qiu et al. 2023, released commands"


@dataclass(frozen=True)
class Hyperparameters(HeadRecipe):
    """Settings of the features and of the head, plus how fast weights fall and how strongly the head is drawn back."""

    gamma: float = within(0.0, 100.0, f"{_COMMANDS}: 1.8, 14", default=4.0, search=LogUniform(1.0, 20.0))
    pull: float = within(
        1e-9, 100.0, f"{_COMMANDS}: 0, 0.2", default=0.01, search=LogUniform(1e-5, 1.0), only="features"
    )


class MovedHead(nn.Linear):
    """Head whose weights are those of another, which do not change, plus a difference, which is 0 at first."""

    first_weight: Tensor
    first_bias: Tensor

    def __init__(self, first: nn.Linear) -> None:
        super().__init__(first.in_features, first.out_features, device="meta")  # which draws no random numbers
        self.register_buffer("first_weight", first.weight.detach().clone())
        self.register_buffer("first_bias", first.bias.detach().clone())
        self.weight, self.bias = (nn.Parameter(torch.zeros_like(part)) for part in (first.weight, first.bias))

    def forward(self, samples: Tensor) -> Tensor:
        """Return scores, (n, K)."""
        return linear(samples, self.first_weight + self.weight, self.first_bias + self.bias)


def confidence_weights(scores: Tensor, labels: Tensor, gamma: float) -> Tensor:
    """Return exp(-gamma p) over the size of the class, float (n,) with sum 1, where p is the probability of the label.

    `scores`: logits (n, K). `labels`: int64 (n,).
    """
    sure = scores.softmax(1).gather(1, labels[:, None])[:, 0]
    weights = torch.exp(-gamma * sure) / torch.bincount(labels)[labels]
    return weights / weights.sum()


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train ERM on a part of train, then its head on the rest."""
    order = torch.randperm(len(problem.train), generator=Generator().manual_seed(problem.seed_for("held")))
    first, held = (part.to(problem.train.labels.device) for part in order.tensor_split([-round(HELD * len(order))]))
    network = train(problem.network(hyper), problem, hyper, stage="features", data=problem.train.take(first))
    rest = replace(problem, train=problem.train.take(held))
    weights = confidence_weights(logits(network, rest.train.inputs).to(held.device), rest.train.labels, hyper.gamma)
    problem.journal.check("the weights differ between samples", bool(weights.max() > weights.min()))
    head = MovedHead(network.head)
    return retrain_head(network, rest, replace(hyper, l2=hyper.pull), head=head, weights=weights * len(weights))


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(),
    access="val_groups",
    version=2,
    frozen={"l2": 4.4e-06, "gamma": 4.2, "pull": 1.6e-05},
)
