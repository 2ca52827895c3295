"""Label-distribution-aware margins (Cao et al. 2019): the rarer a sample's group, the wider its margin.

The authors and SubpopBench take classes instead of groups (`sizes = "classes"`). Classes are equally frequent here, so
all margins would be equal.
"""

from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize, one_hot

from spurgen.baselines.training.hyperparameters import LogUniform, cited
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, Step, train, within

_CODE = "authors' code (kaidic/LDAM-DRW) and SubpopBench"


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the widest margin (a cosine), the factor of the cosines, and what sets the margins."""

    max_margin: float = within(0.0, 1.0, f"{_CODE}: .5; there 10^U(-1, -.1)", default=0.75, search=LogUniform(0.1, 0.8))
    scale: float = within(1.0, 100.0, f"{_CODE}: 30; there also 10", default=30.0)
    sizes: Literal["groups", "classes"] = cited("chosen here; published: classes", default="groups")


class CosineHead(nn.Linear):
    """Linear head that scores features by `scale` times their cosine with each class's weights.

    Cao et al. 2019, section 3.2: a margin has a meaning only on a bounded score. The weights are those of `head`; its
    bias is dropped.
    """

    def __init__(self, head: nn.Linear, scale: float) -> None:
        # The device "meta" draws no initial weights, so the global random state does not change.
        super().__init__(head.in_features, head.out_features, bias=False, device="meta")
        self.weight = head.weight
        self.scale = scale

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (n, K) in [-scale, scale]."""
        return self.scale * linear(normalize(features, dim=1), normalize(self.weight, dim=1))


def margins(kinds: Tensor, max_margin: float) -> Tensor:
    """Return each sample's margin, float32 (n,); `kinds` int64 (n,) are the samples' groups or classes.

    A margin is the kind's size to the power -1/4 (Cao et al. 2019, section 3.2), scaled so that the widest is
    `max_margin`.
    """
    raw = torch.bincount(kinds)[kinds].double() ** -0.25
    return (raw * (max_margin / raw.max())).float()


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train a cosine classifier on shuffled batches, with the true class's cosine lowered by the sample's margin."""
    data = problem.train
    margin = margins(data.groups if hyper.sizes == "groups" else data.labels, hyper.max_margin)

    def objective(step: Step) -> Tensor:
        truth = one_hot(step.labels, problem.num_classes)
        return cross_entropy(step.logits - hyper.scale * margin[step.indices, None] * truth, step.labels)

    network = problem.network(hyper)
    if not problem.solved:  # on frozen features the head stays linear, as in all methods: l2 bounds its scores
        network.head = CosineHead(network.head, hyper.scale)
    return train(network, problem, hyper, objective=objective)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0054, weight_decay=0.33),
    access="train_groups",
    version=2,
    frozen={"l2": 1e-05, "max_margin": 0.75},
)
