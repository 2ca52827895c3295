"""Group distributionally robust optimisation (Sagawa et al. 2020, Algorithm 1).

Minimises the loss of the worst group: group weights grow with the groups' losses.
"""

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, redefined
from spurgen.baselines.training.worst_group import WorstGroupRecipe, train_worst_group


@dataclass(frozen=True)
class Hyperparameters(WorstGroupRecipe):
    """Settings of the group weights, without additions."""

    lr: float = redefined(WorstGroupRecipe, "lr", default=0.0063)
    weight_decay: float = redefined(WorstGroupRecipe, "weight_decay", default=0.5)
    eta: float = redefined(WorstGroupRecipe, "eta", default=0.0083)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on the weighted losses of the true groups."""
    return train_worst_group(problem.network(hyper), problem, hyper, problem.train)


submission = Baseline(
    __name__, fit, Hyperparameters(), access="train_groups", version=3, frozen={"l2": 0.00031, "sharpness": 1.1}
)
