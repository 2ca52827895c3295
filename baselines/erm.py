"""Empirical risk minimisation (Vapnik 1992): the mean loss over the training samples, unweighted."""

import torch
from pydantic.dataclasses import dataclass

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import shuffled


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings; ERM adds none."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on shuffled batches."""
    network = problem.network(hyper)
    sampler = shuffled(torch.arange(len(problem.train)), hyper.batch_size)
    train(network, problem, hyper, sampler=sampler)
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(lr=0.004, weight_decay=1.0), access="none", version=1)
