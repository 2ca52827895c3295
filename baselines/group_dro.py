"""Group distributionally robust optimisation (Sagawa et al. 2020, Algorithm 1).

Minimises the loss of the worst group: group weights grow with the groups' losses.
"""

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.toolkit import Baseline, Network, Problem
from spurgen.baselines.training.worst_group import WorstGroupRecipe, train_worst_group


@dataclass(frozen=True)
class Hyperparameters(WorstGroupRecipe):
    """Settings of the group weights, without additions."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on the weighted losses of the true groups."""
    return train_worst_group(problem.network(hyper), problem, hyper, problem.train)


# tuned: benchmark/sweeps/v1.md
submission = Baseline(
    __name__, fit, Hyperparameters(lr=0.002, weight_decay=1.0, eta=0.1), access="train_groups", version=1
)
