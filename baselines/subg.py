"""Group subsampling, SUBG (Idrissi et al. 2022): ERM on as many samples of each group as the smallest group has.

The subset is drawn once, as by the authors. Drawn anew every epoch, it would cover all samples in time, which is
`resample`. If the smallest group has one sample, the subset has one sample of each group: this cost of the method grows
with the number of groups.
"""

import torch
from torch import Generator, Tensor

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, shuffled, train


def subset(groups: Tensor, generator: Generator) -> Tensor:
    """Draw equally many samples of every group that occurs in `groups`, int64 (n,), without replacement.

    Returns their indices, int64 (number of groups that occur * size of the smallest,).
    """
    ids = groups.cpu()
    sizes = torch.bincount(ids)
    order = torch.randperm(len(ids), generator=generator)
    order = order[ids[order].argsort(stable=True)]
    places = torch.arange(len(ids)) - (sizes.cumsum(0) - sizes)[ids[order]]
    return order[places < sizes[sizes > 0].min()]


def fit(problem: Problem, hyper: Recipe) -> Network:
    """Train on repetitions of the subset, for as many steps as ERM takes on all samples."""
    generator = Generator().manual_seed(problem.seed_for("subset"))
    drawn = subset(problem.train.groups, generator)
    # One pass over the subset can be a single step, too short for an epoch.
    cycled = drawn[torch.arange(len(problem.train)) % len(drawn)]
    return train(problem.network(hyper), problem, hyper, sampler=shuffled(cycled, hyper.batch_size))


submission = Baseline(
    __name__, fit, Recipe(lr=0.0087, weight_decay=0.83), access="train_groups", version=3, frozen={"l2": 2.7e-06}
)
