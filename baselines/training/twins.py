"""Samples and their twins: the same with all channels redrawn, which the access tier `twins` grants."""

import torch
from torch import Tensor

from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.step import Step

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
