"""Invariant risk minimisation (Arjovsky et al. 2019, IRMv1).

Requires one classifier to be optimal in every environment, by penalising the gradient of each environment's risk with
respect to a dummy scale of the logits.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spurgen.baselines.training.problem import Step, mean_loss
from spurgen.baselines.training.samplers import per_environment
from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, Recipe, train, within
from spurgen.benchmark.errors import SubmissionError

GAMMA = "Gulrajani & Lopez-Paz 2021, appendix D: 10^U(-1, 1), default 1"
ANNEAL = "Arjovsky et al. 2019: 190 of 501 steps; as a share, so that it ends"


@dataclass(frozen=True)
class PenaltyRecipe(Recipe):
    """Common settings, plus the penalty's weight and the share of training during which that weight is at most 1."""

    penalty_weight: float = within(0.0, 1e6, GAMMA, default=1.0, search=LogUniform(0.1, 10.0))
    anneal: float = within(0.0, 0.9, ANNEAL, default=0.0)


class Environment(NamedTuple):
    """The samples of one environment in a batch, with gradients.

    `features` float32 (b, d), `logits` float32 (b, K), `labels` int64 (b,), `losses` float32 (b,), nats.
    """

    features: Tensor
    logits: Tensor
    labels: Tensor
    losses: Tensor


Penalty = Callable[[Sequence[Environment]], Tensor]


class Penalised:
    """Training objective that adds a weighted penalty over environments to the mean loss.

    During annealing the weight is at most 1. A weight above 1 divides the whole loss, as in the IRM authors' code:
    otherwise the scale of the gradient, and with it Adam's state, would jump with the weight.
    """

    start = staticmethod(mean_loss)
    """What `solve` minimises first: there a penalty starts at the optimum of ERM instead of being annealed."""

    def __init__(self, penalty: Penalty, count: int, hyper: PenaltyRecipe, *, solvable: bool = True) -> None:
        self.penalty, self.count, self.hyper, self.solvable = penalty, count, hyper, solvable
        self.largest = torch.zeros(())
        """Largest penalty so far at full weight."""

    def weight(self, progress: float) -> float:
        """Return the penalty's weight at a training progress in [0, 1]."""
        full = self.hyper.penalty_weight
        return min(full, 1.0) if progress < self.hyper.anneal else full

    def __call__(self, step: Step) -> Tensor:
        """Return the penalised loss of a batch."""
        chunks = (part.chunk(self.count) for part in _parts(step))
        penalty = self.penalty([Environment(*parts) for parts in zip(*chunks, strict=True)])
        weight = self.weight(step.progress)
        step.notes |= {"risk": step.losses.mean(), "penalty": penalty}
        if step.progress >= self.hyper.anneal:
            self.largest = torch.maximum(self.largest.to(penalty.device), penalty.detach())
        return (step.losses.mean() + weight * penalty) / max(1.0, weight)

    def whole(self, step: Step) -> Tensor:
        """Return the penalised loss of all samples, in which every environment has the same weight."""
        environments = step.data.environments
        members = [torch.nonzero(environments == env).flatten() for env in torch.unique(environments)]
        penalty = self.penalty([Environment(*(part[rows] for part in _parts(step))) for rows in members])
        self.largest = penalty.detach()
        return step.mean(step.losses) + self.hyper.penalty_weight * penalty


def _parts(step: Step) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return step.features, step.logits, step.labels, step.losses


def fit_penalised(
    problem: Problem, hyper: PenaltyRecipe, penalty: Penalty, *, hidden: bool = False, solvable: bool = True
) -> Network:
    """Train on batches with equally many samples of every environment.

    `hidden` as for `Problem.network`, `solvable` as for `Objective`.

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
    network = problem.network(hyper, hidden=hidden)
    objective = Penalised(penalty, len(sizes), hyper, solvable=solvable)
    sampler = per_environment(environments, hyper.batch_size)
    train(network, problem, hyper, sampler=sampler, objective=objective)
    # Before annealing ends the weights are almost those of ERM, and selection by accuracy would often pick them.
    # (The first epochs are dropped even if the weight is at most 1, where annealing has no effect.)
    annealed = 0 if problem.solved else hyper.anneal * hyper.epochs
    network.checkpoints[:] = [checkpoint for checkpoint in network.checkpoints if checkpoint.epoch > annealed]
    if hyper.penalty_weight > 0:
        problem.journal.check("the penalty became active", bool(objective.largest > 0))
    return network


LAMBDA = "Gulrajani & Lopez-Paz 2021, appendix D: 10^U(-1, 5), default 100; searched: its lower two thirds"


@dataclass(frozen=True)
class Hyperparameters(PenaltyRecipe):
    """Penalty settings with a lower weight than published, and the published annealing."""

    penalty_weight: float = within(0.0, 1e6, LAMBDA, default=1.2, search=LogUniform(0.1, 1e3))
    anneal: float = within(0.0, 0.9, "Arjovsky et al. 2019: 190 of 501 steps", default=0.38)


def irm_penalty(environments: Sequence[Environment]) -> Tensor:
    """Return the mean over environments of the squared gradient of the risk at scale 1 (IRMv1, equation 5).

    For logits z, the gradient of the cross-entropy of w z at w = 1 is E[sum_k (p_k - y_k) z_k], so no second backward
    pass is needed. The gradient of the whole batch is squared: a product of two halves' gradients can be negative.
    """
    return torch.stack([scale_gradient(each).square() for each in environments]).mean()


def scale_gradient(environment: Environment) -> Tensor:
    """Return the gradient of an environment's risk with respect to a scale of its logits, at scale 1."""
    z = environment.logits
    truth = z.gather(1, environment.labels.unsqueeze(1)).squeeze(1)
    return ((torch.softmax(z, dim=1) * z).sum(1) - truth).mean()


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on batches with equally many samples of every environment."""
    return fit_penalised(problem, hyper, irm_penalty)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0056, weight_decay=0.19),
    access="envs",
    version=5,
    frozen={"l2": 2.7e-06, "penalty_weight": 4.1},
)
