"""Group subsampling, SUBG (Idrissi et al. 2022): ERM on as many samples of each group as the smallest has.

The subset is drawn once, as by the authors: drawn anew every epoch, all samples would be seen in turn,
which is `resample`. Where the smallest group has one sample, the subset has one of each group; this is
the price of the method, and grows with the number of groups.
"""

import torch
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import shuffled


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Holds the common settings: subsampling has none of its own."""


def subset(groups: Tensor, generator: Generator) -> Tensor:
    """Draws equally many samples of every group that occurs in `groups`, int64 (n,), without replacement.

    Returns their indices, int64 (groups that occur * size of the smallest of them,).
    """
    ids = groups.cpu()
    sizes = torch.bincount(ids)
    order = torch.randperm(len(ids), generator=generator)
    order = order[ids[order].argsort(stable=True)]
    places = torch.arange(len(ids)) - (sizes.cumsum(0) - sizes)[ids[order]]
    return order[places < sizes[sizes > 0].min()]


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Trains on the subset, over and over, for as many steps as ERM takes on all samples."""
    generator = Generator().manual_seed(problem.seed_for("subset"))
    kept = subset(problem.train.groups, generator)
    # An epoch of the subset alone can be a single step, after which nothing has been learned.
    cycled = kept[torch.arange(len(problem.train)) % len(kept)]
    network = problem.network(hyper)
    train(network, problem, hyper, sampler=shuffled(cycled, hyper.batch_size))
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(), access="train_groups", version=1)
