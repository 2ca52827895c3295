"""Penalties over environments, shared by IRM, VREx, CORAL and MMD."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import per_environment
from spurgen.baselines.training.search import LogUniform
from spurgen.baselines.training.step import Step
from spurgen.benchmark.errors import SubmissionError

GAMMA = "Gulrajani & Lopez-Paz 2021, appendix D: 10^U(-1, 1), default 1"
ANNEAL = "Arjovsky et al. 2019: 190 of 501 steps; as a share, so that it ends"


@dataclass(frozen=True)
class PenaltyRecipe(Recipe):
    """Common settings, plus the penalty's weight and the share of training during which that weight is at most 1."""

    penalty_weight: float = within(0.0, 1e6, GAMMA, default=1.0, search=LogUniform(0.1, 10.0))
    anneal: float = within(0.0, 0.9, ANNEAL, default=0.0)


class Environments(NamedTuple):
    """A batch, environment by environment, equally many samples each, with gradients.

    `features` float32 (E, b, d), `logits` float32 (E, b, K), `labels` int64 (E, b),
    `losses` float32 (E, b), nats.
    """

    features: Tensor
    logits: Tensor
    labels: Tensor
    losses: Tensor


class Penalised:
    """Training objective that adds a weighted penalty over environments to the mean loss.

    During annealing the weight is at most 1. A weight above 1 divides the whole loss, as in the IRM authors' code:
    otherwise the scale of the gradient, and with it Adam's state, would jump with the weight.
    """

    def __init__(self, penalty: Callable[[Environments], Tensor], count: int, hyper: PenaltyRecipe) -> None:
        self.penalty, self.count, self.hyper = penalty, count, hyper
        self.largest = torch.zeros(())
        """Largest penalty so far at full weight."""

    def weight(self, progress: float) -> float:
        """Return the penalty's weight at a training progress in [0, 1]."""
        full = self.hyper.penalty_weight
        return min(full, 1.0) if progress < self.hyper.anneal else full

    def __call__(self, step: Step) -> Tensor:
        """Return the penalised loss of a batch."""
        parts = (step.features, step.logits, step.labels, step.losses)
        penalty = self.penalty(Environments(*(part.view(self.count, -1, *part.shape[1:]) for part in parts)))
        weight = self.weight(step.progress)
        step.notes |= {"risk": step.losses.mean(), "penalty": penalty}
        if step.progress >= self.hyper.anneal:
            self.largest = torch.maximum(self.largest.to(penalty.device), penalty.detach())
        return (step.losses.mean() + weight * penalty) / max(1.0, weight)


def fit_penalised(problem: Problem, hyper: PenaltyRecipe, penalty: Callable[[Environments], Tensor]) -> Network:
    """Train on batches with equally many samples of every environment.

    Raises `SubmissionError` unless a batch holds two samples each of two environments: a penalty needs two
    environments, and a covariance two samples.
    """
    environments = problem.train.environments
    sizes = torch.bincount(environments)
    sizes = sizes[sizes > 0]
    share = min(hyper.batch_size // len(sizes), int(sizes.min()))
    if len(sizes) < 2 or share < 2:
        raise SubmissionError(
            f"needs two or more environments with two samples each in a batch, but train has {len(sizes)}, "
            f"the smallest of {int(sizes.min())} samples, for batches of {hyper.batch_size}"
        )
    network = problem.network(hyper)
    objective = Penalised(penalty, len(sizes), hyper)
    sampler = per_environment(environments, hyper.batch_size)
    train(network, problem, hyper, sampler=sampler, objective=objective)
    # Before annealing ends the weights are almost those of ERM, and selection by accuracy would often pick them.
    # (The first epochs are dropped even if the weight is at most 1, where annealing has no effect.)
    annealed = hyper.anneal * hyper.epochs
    network.checkpoints[:] = [checkpoint for checkpoint in network.checkpoints if checkpoint.epoch > annealed]
    if hyper.penalty_weight > 0:
        problem.journal.check("the penalty became active", bool(objective.largest > 0))
    return network
