"""Group-balanced resampling: ERM on batches in which every group is equally likely.

Idrissi et al. 2022, "Simple data balancing achieves competitive worst-group-accuracy" (RWG with
sampling in place of weights; called ReSample in Yang et al. 2023).
"""

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import balanced


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings; resampling adds none."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on batches drawn with replacement, uniformly over the groups that occur."""
    network = problem.network(hyper)
    sampler = balanced(problem.train.groups, hyper.batch_size)
    train(network, problem, hyper, sampler=sampler)
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(lr=0.002, weight_decay=1.0), access="train_groups", version=1)
