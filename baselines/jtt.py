"""Just train twice (Liu et al. 2021): a second model trains with the errors of a first one upweighted."""

import torch
from pydantic.dataclasses import dataclass

from spurgen.baselines.training.first_stage import FirstStageRecipe, first_recipe
from spurgen.baselines.training.toolkit import Baseline, Choice, Network, Problem, logits, train, weighted, within

UPWEIGHT = "Liu et al. 2021: 50 on CelebA, 100 on Waterbirds; SubpopBench 10^U(0, 2.5)"


@dataclass(frozen=True)
class Hyperparameters(FirstStageRecipe):
    """Settings of both models, plus the weight of the first one's errors."""

    upweight: int = within(2, 1000, UPWEIGHT, default=10, search=Choice((5, 10, 20, 50, 100)))


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train an identification model, then a second one on batches in which its errors count `upweight` times."""
    first = problem.network(hyper, "identification")
    train(first, problem, first_recipe(hyper), stage="identification")
    wrong = errors(problem, first)
    problem.journal.check("the error set is not empty", len(wrong) > 0)
    # The authors repeat the errors; drawing them in proportion keeps an epoch as long as one of ERM.
    weights = torch.ones(len(problem.train)).index_fill(0, wrong.cpu(), float(hyper.upweight))
    return train(problem.network(hyper), problem, hyper, sampler=weighted(weights, hyper.batch_size))


def errors(problem: Problem, network: Network) -> torch.Tensor:
    """Return the indices of the train samples that a network misclassifies in evaluation mode, int64 (m,)."""
    labels = problem.train.labels
    predictions = logits(network, problem.train.inputs).argmax(1).to(labels.device)
    return torch.nonzero(predictions != labels).flatten()


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0063, weight_decay=0.5, first_epochs=3, first_lr=0.00019, first_weight_decay=0.21),
    access="val_groups",
    version=2,
    frozen={"l2": 0.0001, "first_l2": 0.037, "upweight": 100},
)
