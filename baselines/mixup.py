"""Mixup (Zhang et al. 2018): ERM on convex combinations of two samples and of their labels."""

import torch
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor

from spurgen.baselines.training.mixing import Mixing
from spurgen.baselines.training.samplers import Pairs, Sampler, shuffled
from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, Recipe, train, within

ALPHA = "Zhang et al. 2018, section 3.1: .1 to .4; SubpopBench: default .2, 10^U(-1, 1)"


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the Beta parameter of the mixing shares; towards 0, pairs are hardly mixed."""

    alpha: float = within(0.01, 10.0, ALPHA, default=0.13, search=LogUniform(0.1, 1.0))


def with_partners(sampler: Sampler) -> Sampler:
    """Append to every batch the same samples in another random order, as the authors do."""

    def draw(generator: Generator) -> Tensor:
        batches = sampler(generator)
        order = torch.rand(batches.shape, generator=generator).argsort(1)
        return torch.cat([batches, batches.gather(1, order)], dim=1)

    return Pairs(draw)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on shuffled batches, each mixed with a permutation of itself, with one share per batch."""
    sampler = with_partners(shuffled(torch.arange(len(problem.train)), hyper.batch_size))
    return train(problem.network(hyper), problem, hyper, sampler=sampler, objective=Mixing(hyper.alpha, shared=True))


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0073, weight_decay=0.13),
    access="none",
    version=4,
    frozen={"l2": 6.4e-05, "alpha": 0.11},
)
