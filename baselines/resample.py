"""Group-balanced resampling: ERM on batches in which every group is equally likely.

Idrissi et al. 2022, "Simple data balancing achieves competitive worst-group-accuracy" (RWG;
called ReSample in Yang et al. 2023).
"""

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, balanced, train


def fit(problem: Problem, hyper: Recipe) -> Network:
    """Train on batches drawn with replacement, uniformly over the groups that occur."""
    sampler = balanced(problem.train.groups, hyper.batch_size)
    return train(problem.network(hyper), problem, hyper, sampler=sampler)


submission = Baseline(
    __name__, fit, Recipe(lr=0.0063, weight_decay=0.5), access="train_groups", version=4, frozen={"l2": 0.0092}
)
