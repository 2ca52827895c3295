"""Empirical risk minimisation (Vapnik 1992): the mean loss over the training samples, unweighted."""

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, train


def fit(problem: Problem, hyper: Recipe) -> Network:
    """Train on shuffled batches."""
    return train(problem.network(hyper), problem, hyper)


submission = Baseline(
    __name__, fit, Recipe(lr=0.0056, weight_decay=0.19), access="none", version=5, frozen={"l2": 2.7e-06}
)
