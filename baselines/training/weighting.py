"""Losses weighted by the size of a sample's group: what `reweight`, `sqrt_reweight` and `cb_loss` share."""

from collections.abc import Callable

import torch
from torch import Tensor

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.loop import Step, train
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import shuffled

WeightOf = Callable[[Tensor], Tensor]
"""Maps group sizes, float64 (n,), 1 or more, to weights, whose common factor does not matter."""


def sample_weights(groups: Tensor, weight_of: WeightOf) -> Tensor:
    """Returns each sample's weight, float32 (n,), with mean 1; `groups` int64 (n,)."""
    # Sizes are looked up by sample, so that an empty group never is: no 1 / 0.
    raw = weight_of(torch.bincount(groups)[groups].double())
    return (raw / raw.mean()).float()


def fit_weighted(problem: Problem, hyper: Recipe, weight_of: WeightOf) -> Network:
    """Trains on shuffled batches against the mean of the weighted losses.

    The mean weight is 1 over an epoch, so that the learning rate means what it means for ERM. It is
    not made 1 in every batch, which would take weight from the rare groups where they occur.
    """
    weights = sample_weights(problem.train.groups, weight_of)

    def objective(step: Step) -> Tensor:
        return (weights[step.indices] * step.losses).mean()

    network = problem.network(hyper)
    sampler = shuffled(torch.arange(len(problem.train)), hyper.batch_size)
    train(network, problem, hyper, sampler=sampler, objective=objective)
    return network
