"""Group distributionally robust optimisation (Sagawa et al. 2020, Algorithm 1).

Minimises the loss of the worst group: group weights grow with the groups' losses.
"""

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.worst_group import WorstGroupRecipe, train_worst_group


@dataclass(frozen=True)
class Hyperparameters(WorstGroupRecipe):
    """Settings of the group weights, without additions."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on the weighted losses of the true groups."""
    network = problem.network(hyper)
    train_worst_group(network, problem, hyper, problem.train)
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(
    __name__, fit, Hyperparameters(lr=0.002, weight_decay=1.0, eta=0.1), access="train_groups", version=1
)
