"""Group-balanced resampling: ERM on batches in which every group is equally likely.

Idrissi et al. 2022, "Simple data balancing achieves competitive worst-group-accuracy" (RWG;
called ReSample in Yang et al. 2023).
"""

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, balanced, redefined, train


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings; resampling adds none."""

    lr: float = redefined(Recipe, "lr", default=0.0063)
    weight_decay: float = redefined(Recipe, "weight_decay", default=0.5)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on batches drawn with replacement, uniformly over the groups that occur."""
    sampler = balanced(problem.train.groups, hyper.batch_size)
    return train(problem.network(hyper), problem, hyper, sampler=sampler)


submission = Baseline(__name__, fit, Hyperparameters(), access="train_groups", version=3, frozen={"l2": 0.00031})
