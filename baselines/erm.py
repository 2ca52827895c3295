"""Empirical risk minimisation (Vapnik 1992): the mean loss over the training samples, unweighted."""

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, redefined, train


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings; ERM adds none."""

    lr: float = redefined(Recipe, "lr", default=0.0056)
    weight_decay: float = redefined(Recipe, "weight_decay", default=0.19)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on shuffled batches."""
    return train(problem.network(hyper), problem, hyper)


submission = Baseline(__name__, fit, Hyperparameters(), access="none", version=5, frozen={"l2": 2.7e-06})
