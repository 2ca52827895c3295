"""Balanced softmax (Ren et al. 2020): training adds the logarithm of each class's group size to its logit.

The network then need not learn what the sizes explain. A class's group size is, for each sample, the size of the group
that the sample would be in under that label, given its channel values: this balances the softmax for groups of equal
size, as in `test`. The authors and SubpopBench take the size of the whole class (`sizes = "classes"`), which here is
the same as ERM, since classes are equally frequent.
"""

from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn.functional import cross_entropy

from spurgen.baselines.training.data import Data
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, Step, cited, train


class Alignment:
    """Which values of each channel are aligned with which class, according to labelled samples.

    A pair of class and value that does not occur counts as conflicting.
    """

    def __init__(self, labeled: Data, num_classes: int) -> None:
        self.tables: list[Tensor] = []
        """Whether a value is aligned with a class, bool (K, V) per channel."""
        for k, values in enumerate(labeled.channels.values()):
            aligned = (labeled.groups >> k) & 1 == 0
            table = torch.zeros(num_classes, int(values.max()) + 1, dtype=torch.bool, device=values.device)
            table[labeled.labels[aligned], values[aligned]] = True
            self.tables.append(table)

    def groups(self, labels: Tensor, values: list[Tensor]) -> Tensor:
        """Return the groups, int64 (n,), of samples with these `labels` and `values`, int64 (n,) per channel."""
        groups = labels << len(values)
        for k, (table, value) in enumerate(zip(self.tables, values, strict=True)):
            groups = groups + ((~table[labels, value]).long() << k)
        return groups


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus whether the sizes are those of groups or of classes."""

    sizes: Literal["groups", "classes"] = cited("chosen here; published: classes", default="groups")


def log_class_sizes(data: Data, num_classes: int) -> Tensor:
    """Return the logarithm of each class's number of samples, float32 (1, K); an empty class counts as one sample."""
    return torch.bincount(data.labels, minlength=num_classes).clamp(min=1).log().unsqueeze(0)


def log_group_sizes(data: Data, num_classes: int) -> Tensor:
    """Return the logarithm of the size of the group that each sample would be in under each label, float32 (n, K).

    An empty group counts as one sample. The training samples show which channel values are aligned with which class;
    a pair of class and value that never occurs counts as conflicting.
    """
    alignment, values = Alignment(data, num_classes), list(data.channels.values())
    groups = [alignment.groups(torch.full_like(data.labels, label), values) for label in range(num_classes)]
    sizes = torch.bincount(data.groups, minlength=data.num_groups).clamp(min=1)
    return sizes[torch.stack(groups, dim=1)].log()


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on shuffled batches with the logarithms added to the logits; predictions are made without them."""
    log_sizes = log_group_sizes if hyper.sizes == "groups" else log_class_sizes
    logs = log_sizes(problem.train, problem.num_classes).expand(len(problem.train), -1)

    def objective(step: Step) -> Tensor:
        return cross_entropy(step.logits + logs[step.indices], step.labels)

    return train(problem.network(hyper), problem, hyper, objective=objective)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0098, weight_decay=0.11),
    access="train_groups",
    version=4,
    frozen={"l2": 6.4e-05},
)
