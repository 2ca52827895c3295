"""Group distributionally robust optimisation (Sagawa et al. 2020, Algorithm 1).

Minimises the loss of the worst group: group weights grow with the groups' losses.
"""

import math

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn.functional import one_hot

from spurgen.baselines.training.data import Data
from spurgen.baselines.training.toolkit import (
    Baseline,
    LogUniform,
    Network,
    Problem,
    Recipe,
    Step,
    balanced,
    train,
    within,
)

ETA = "Sagawa et al. 2020; SubpopBench 10^U(-3,-1)"
SHARPNESS = "Li et al. 2021 (TERM), section 3: any t > 0, towards the maximum; searched: chosen here, in 1 / nats"


@dataclass(frozen=True)
class WorstGroupRecipe(Recipe):
    """Common settings, plus the step size of the group weights and the generalisation adjustment.

    On frozen features, `sharpness` takes the place of the step size.
    """

    eta: float = within(1e-4, 1.0, ETA, default=0.01, search=LogUniform(1e-3, 0.1), only="inputs")
    adjustment: float = within(0.0, 10.0, "Sagawa et al. 2020, section 3.3: C in 0..5", default=0.0)
    sharpness: float = within(0.01, 1e5, SHARPNESS, default=100.0, search=LogUniform(1.0, 1e4), only="features")


class WorstGroupLoss:
    """Weighted sum of the groups' mean losses; `sizes` int64 (G,) counts each group's training samples."""

    def __init__(self, sizes: Tensor, eta: float, adjustment: float, sharpness: float = math.inf) -> None:
        self.eta, self.sharpness = eta, sharpness
        self.penalty = adjustment / sizes.clamp(min=1).sqrt()
        # Logarithms, so that a weight close to 0 can grow again.
        self._logs = torch.where(sizes > 0, -(sizes > 0).sum().log(), -torch.inf)
        self.unseen = sizes > 0
        """Groups of the data that no batch has contained yet, bool (G,)."""

    @property
    def weights(self) -> Tensor:
        """Group weights, float32 (G,), which sum to 1 and are 0 for empty groups."""
        return self._logs.exp()

    def __call__(self, step: Step) -> Tensor:
        """Update the weights and return the weighted sum of the groups' mean losses."""
        losses, present = self.by_group(step)
        self.update(losses.detach(), present)
        return losses @ self.weights

    def whole(self, step: Step) -> Tensor:
        """Return log(mean(exp(t * loss))) / t over the groups, with t the sharpness (Li et al. 2021, equation 4).

        This is convex, smooth, and at most log(G) / t below the largest group loss, of which Algorithm 1 approaches the
        least value: its group weights at the optimum maximise the weighted loss plus their entropy / t.
        """
        losses, present = self.by_group(step)
        adjusted = (losses + self.penalty)[present]
        return (self.sharpness * adjusted).logsumexp(0).sub(math.log(len(adjusted))) / self.sharpness

    def by_group(self, step: Step) -> tuple[Tensor, Tensor]:
        """Return the groups' mean losses, (G,), 0 for those that do not occur, and which occur, bool (G,)."""
        members = one_hot(step.group_ids, len(self._logs)).to(step.losses.dtype)
        counts = members.sum(0)
        self.unseen &= counts == 0
        return step.losses @ members / counts.clamp(min=1), counts > 0

    def update(self, losses: Tensor, present: Tensor) -> None:
        """Scale the weight of each group present by exp(eta * (loss + C / sqrt(size))) and renormalise.

        The groups present keep their total weight, and an absent group keeps its own: if its loss counted as 0, the
        rarest groups would decay in most batches. `losses` float32 (G,), nats; `present` bool (G,).
        """
        before = self._logs.masked_fill(~present, -torch.inf)
        grown = before + self.eta * (losses + self.penalty)
        shared = grown - grown.logsumexp(0) + before.logsumexp(0)
        self._logs = torch.where(present, shared, self._logs)


def train_worst_group(network: Network, problem: Problem, hyper: WorstGroupRecipe, data: Data) -> Network:
    """Train a network on group-balanced batches of `data`, as Sagawa et al. do, and the weighted group losses."""
    sizes = torch.bincount(data.groups, minlength=data.num_groups)
    objective = WorstGroupLoss(sizes, hyper.eta, hyper.adjustment, hyper.sharpness)
    sampler = balanced(data.groups, hyper.batch_size)
    train(network, problem, hyper, sampler=sampler, objective=objective, data=data)
    problem.journal.check("every group appeared", not objective.unseen.any())
    return network


def fit(problem: Problem, hyper: WorstGroupRecipe) -> Network:
    """Train on the weighted losses of the true groups."""
    return train_worst_group(problem.network(hyper), problem, hyper, problem.train)


submission = Baseline(
    __name__,
    fit,
    WorstGroupRecipe(lr=0.0063, weight_decay=0.5, eta=0.0083),
    access="train_groups",
    version=4,
    frozen={"l2": 4.4e-06, "sharpness": 42.0},
)
