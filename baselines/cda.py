"""Counterfactual data augmentation (Kaushik et al. 2020): ERM on samples and their twins alike.

A twin is the same sample with all channels redrawn, and keeps its label. The paper's annotators changed the cause and
with it the label; here what is no cause changes, as where names are swapped (Maudslay et al. 2019).
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, Step, train

COMPARED = 1000
"""Number of samples that are compared with their twins before training."""


def check_twins(problem: Problem) -> None:
    """Record in the journal whether most twins differ from their samples."""
    first = slice(0, COMPARED)
    changed = differ(problem.train.inputs.take(first), problem.train.counterparts.take(first))
    problem.journal.check("most twins differ from their samples", bool(changed.float().mean() > 0.5))


def differ(inputs: Inputs, twins: Inputs) -> Tensor:
    """Return which samples differ from their twins, bool (n,)."""
    pairs = ((inputs.images, twins.images), (inputs.tokens, twins.tokens), (inputs.vectors, twins.vectors))
    return torch.stack([(a != b).flatten(1).any(1) for a, b in pairs if a is not None and b is not None]).any(0)


def features_of_both(step: Step) -> Tensor:
    """Return the features of a batch's samples, then of their twins, float (2b, d), with gradient.

    Both go through one pass: in two passes, batch norm would distinguish samples from twins.
    """
    pairs = zip(step.network.embed(step.inputs), step.network.embed(step.twins), strict=True)
    return step.network.encode_embedded([torch.cat(pair) for pair in pairs])


def both(step: Step) -> Tensor:
    """Return the mean cross-entropy of a batch and its twins, nats."""
    return cross_entropy(step.network.head(features_of_both(step)), step.labels.repeat(2))


def fit(problem: Problem, hyper: Recipe) -> Network:
    """Train on shuffled batches, each with its twins."""
    check_twins(problem)
    return train(problem.network(hyper), problem, hyper, objective=both)


submission = Baseline(
    __name__, fit, Recipe(lr=0.0056, weight_decay=0.19), access="twins", version=2, frozen={"l2": 0.00031}
)
