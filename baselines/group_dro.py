"""Group distributionally robust optimisation (Sagawa et al. 2020, Algorithm 1).

Minimises the loss of the worst group: group weights grow with the groups' losses.
"""

from spurgen.baselines.training.toolkit import Baseline, Network, Problem
from spurgen.baselines.training.worst_group import WorstGroupRecipe, train_worst_group


def fit(problem: Problem, hyper: WorstGroupRecipe) -> Network:
    """Train on the weighted losses of the true groups."""
    return train_worst_group(problem.network(hyper), problem, hyper, problem.train)


submission = Baseline(
    __name__,
    fit,
    WorstGroupRecipe(lr=0.0063, weight_decay=0.5, eta=0.0083),
    access="train_groups",
    version=3,
    frozen={"l2": 0.00031, "sharpness": 1.1},
)
