"""Inverse reweighting: every group has the same total weight in the loss, however few samples it has.

Importance weights 1 / size (Shimodaira 2000; ReWeight in Yang et al. 2023). Batches are drawn as for ERM; `resample`
minimises the same risk by sampling.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, Step, train

WeightOf = Callable[[Tensor], Tensor]
"""Function from group sizes >= 1, float64 (n,), to weights; a common factor does not matter."""


def sample_weights(groups: Tensor, weight_of: WeightOf) -> Tensor:
    """Return each sample's weight, float32 (n,), with mean 1; `groups` int64 (n,)."""
    # Sizes are looked up by sample, so that an empty group divides nothing by zero.
    raw = weight_of(torch.bincount(groups)[groups].double())
    return (raw / raw.mean()).float()


def fit_weighted(problem: Problem, hyper: Recipe, weight_of: WeightOf) -> Network:
    """Train on the mean weighted loss of shuffled batches.

    The weights have mean 1 over an epoch, so that the learning rate has the same effect as in ERM. They are not
    normalised per batch, which would reduce the weight of rare groups in the batches where they occur.
    """
    weights = sample_weights(problem.train.groups, weight_of)

    def objective(step: Step) -> Tensor:
        return (weights[step.indices] * step.losses).mean()

    return train(problem.network(hyper), problem, hyper, objective=objective)


def fit(problem: Problem, hyper: Recipe) -> Network:
    """Train with each sample weighted by 1 / size of its group."""
    return fit_weighted(problem, hyper, torch.reciprocal)


submission = Baseline(
    __name__, fit, Recipe(lr=0.004, weight_decay=0.1), access="train_groups", version=3, frozen={"l2": 0.0092}
)
