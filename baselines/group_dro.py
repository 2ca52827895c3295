"""Group distributionally robust optimisation (Sagawa et al. 2020, Algorithm 1).

Minimises the loss of the worst group, by weights over groups that follow the losses.
"""

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.worst_group import WorstGroupRecipe, train_worst_group


@dataclass(frozen=True)
class Hyperparameters(WorstGroupRecipe):
    """Holds the settings of the group weights."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Trains against the weighted losses of the true groups."""
    network = problem.network(hyper)
    train_worst_group(network, problem, hyper, problem.train)
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(
    __name__, fit, Hyperparameters(lr=0.002, weight_decay=1.0, eta=0.1), access="train_groups", version=1
)
