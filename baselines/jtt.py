"""Just train twice (Liu et al. 2021): a second model trains with the errors of a first one upweighted."""

from dataclasses import replace

import torch
from pydantic.dataclasses import dataclass

from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, logits, train, weighted, within


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the first model's number of epochs, and the weight of its errors."""

    first_epochs: int = within(1, 1000, "Liu et al. 2021: CelebA 1, Waterbirds 60 of 300", default=1, search=(1, 2))
    upweight: int = within(2, 1000, "Liu et al. 2021: 50 on CelebA, 100 on Waterbirds", default=20, search=(5, 20, 50))


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train an identification model, then a second one on batches in which its errors count `upweight` times."""
    first = problem.network(hyper, "identification")
    recipe = replace(hyper, epochs=hyper.first_epochs)
    train(first, problem, recipe, stage="identification")
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


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(), access="val_groups", version=1)
