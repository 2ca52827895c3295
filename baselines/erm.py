"""Empirical risk minimisation (Vapnik 1992): the mean loss over the training samples, unweighted."""

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, train


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings; ERM adds none."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on shuffled batches."""
    return train(problem.network(hyper), problem, hyper)


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(lr=0.004, weight_decay=1.0), access="none", version=1)
