"""Counterfactual data augmentation (Kaushik et al. 2020): ERM on samples and their twins alike.

A twin is the same sample with all channels redrawn, and keeps its label. The paper's annotators changed the cause and
with it the label; here what is no cause changes, as where names are swapped (Maudslay et al. 2019).
"""

from torch import Tensor
from torch.nn.functional import cross_entropy

from spurgen.baselines.training.step import Step
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, train
from spurgen.baselines.training.twins import check_twins, features_of_both


def both(step: Step) -> Tensor:
    """Return the mean cross-entropy of a batch and its twins, nats."""
    return cross_entropy(step.network.head(features_of_both(step)), step.labels.repeat(2))


def fit(problem: Problem, hyper: Recipe) -> Network:
    """Train on shuffled batches, each with its twins."""
    check_twins(problem)
    return train(problem.network(hyper), problem, hyper, objective=both)


submission = Baseline(__name__, fit, Recipe(lr=0.0056, weight_decay=0.19), access="twins", frozen={"l2": 0.001})
