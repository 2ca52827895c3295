"""The balanced softmax (Ren et al. 2020): logits are trained with the logarithm of the class's size added.

What the sizes explain, the network need not learn. The size of a class is, for each sample, that of the
group which the sample would be in if the class were its label, by the channel values it shows: so the
softmax is balanced for groups of equal size, as in `test`. The authors and SubpopBench take the size of the
whole class; classes are equally frequent here, and this is ERM. `sizes = "classes"` does it.
"""

from dataclasses import field
from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn.functional import cross_entropy

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Data
from spurgen.baselines.training.hyperparameters import Recipe, cited
from spurgen.baselines.training.loop import Step, train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import shuffled


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Adds whose sizes count."""

    sizes: Literal["groups", "classes"] = field(default="groups", metadata=cited("chosen here; published: classes"))


def log_class_sizes(data: Data, num_classes: int) -> Tensor:
    """Returns the logarithm of each class's number of samples, float32 (1, K); a missing class counts as one."""
    return torch.bincount(data.labels, minlength=num_classes).clamp(min=1).log().unsqueeze(0)


def log_group_sizes(data: Data, num_classes: int) -> Tensor:
    """Returns the logarithm of the size of the group that each sample would be in under each label.

    float32 (n, K). An empty group counts as one sample. Which values are aligned with which class is read
    off the train samples; a pair never seen conflicts.
    """
    domains = data.num_groups // num_classes
    patterns = torch.zeros(len(data), num_classes, dtype=torch.int64, device=data.labels.device)
    for bit, shown in enumerate(data.channels.values()):
        conflicts = torch.ones(num_classes, int(shown.max()) + 1, dtype=torch.int64, device=shown.device)
        aligned = data.groups % domains >> bit & 1 == 0
        conflicts[data.labels[aligned], shown[aligned]] = 0
        patterns += conflicts.T[shown] << bit
    sizes = torch.bincount(data.groups, minlength=num_classes * domains).clamp(min=1)
    return sizes[torch.arange(num_classes, device=sizes.device) * domains + patterns].log()


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Trains on shuffled batches with the logarithms added to the logits, and predicts without them."""
    count = log_group_sizes if hyper.sizes == "groups" else log_class_sizes
    logs = count(problem.train, problem.num_classes).expand(len(problem.train), -1)

    def objective(step: Step) -> Tensor:
        return cross_entropy(step.logits + logs[step.indices], step.labels)

    network = problem.network(hyper)
    sampler = shuffled(torch.arange(len(problem.train)), hyper.batch_size)
    train(network, problem, hyper, sampler=sampler, objective=objective)
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(lr=0.002, weight_decay=1.0), access="train_groups", version=1)
