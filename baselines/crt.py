"""Classifier retraining (Kang et al. 2020, section 4.1: cRT; over groups in Yang et al. 2023).

ERM learns the features. They are then frozen, and a new head is trained on them with group-balanced batches.
"""

from dataclasses import replace

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spurgen.baselines import erm
from spurgen.baselines.training.hyperparameters import Choice, LogUniform, redefined
from spurgen.baselines.training.loop import CHUNK
from spurgen.baselines.training.samplers import Sampler
from spurgen.baselines.training.toolkit import (
    Baseline,
    Network,
    Problem,
    Recipe,
    Step,
    balanced,
    features,
    train,
    within,
)

_EPOCHS = "Kang et al. 2020, released configuration for ImageNet-LT: 10 after 90"
_LR = "chosen here: as for whole networks, and higher, since a linear layer is all that is trained"
_DECAY = "chosen here: also weaker than for whole networks"
_ERM = erm.submission.HYPERPARAMETERS


@dataclass(frozen=True)
class FeatureRecipe(Recipe):
    """Common settings with ERM's tuned values, with which the features are trained; a sweep leaves them."""

    lr: float = redefined(Recipe, "lr", default=_ERM.lr, search=None)
    weight_decay: float = redefined(Recipe, "weight_decay", default=_ERM.weight_decay, search=None)


@dataclass(frozen=True)
class HeadRecipe(FeatureRecipe):
    """Settings of the features, plus epochs, learning rate and weight decay of the head that is retrained on them."""

    head_epochs: int = within(1, 1000, _EPOCHS, default=10, search=Choice((5, 10, 20)), only="inputs")
    head_lr: float = within(1e-6, 1.0, _LR, default=4e-3, search=LogUniform(5e-4, 3e-2), only="inputs")
    head_weight_decay: float = within(0.0, 10.0, _DECAY, default=1e-2, search=LogUniform(1e-3, 1.0), only="inputs")


def train_features(problem: Problem, recipe: Recipe, *, hidden: bool = False) -> Network:
    """Train a network by ERM, the first stage; `hidden` as for `Problem.network`."""
    return train(problem.network(recipe, hidden=hidden), problem, recipe, stage="features")


def retrain_head(
    network: Network,
    problem: Problem,
    hyper: HeadRecipe,
    *,
    head: nn.Linear | None = None,
    sampler: Sampler | None = None,
    weights: Tensor | None = None,
) -> Network:
    """Train `head`, or one of new initial weights, on the frozen features of train, and return the network.

    The features are computed once, in evaluation mode: an epoch then costs almost nothing, and the encoders' weights
    and running statistics do not change. `weights` float32 (n,) on the network's device multiplies the samples' losses.
    """
    known = features(network, problem.train.inputs).to(network.device, network.head.weight.dtype)
    network.head = head or problem.network(hyper, "head", hidden=True).head

    def objective(step: Step) -> Tensor:
        step.features = known[step.indices]
        losses = step.losses
        return step.mean(losses if weights is None else losses * weights[step.indices])

    recipe = replace(hyper, epochs=hyper.head_epochs, lr=hyper.head_lr, weight_decay=hyper.head_weight_decay)
    train(network, problem, recipe, sampler=sampler, objective=objective, stage="head")
    again = features(network, problem.train.inputs.take(slice(CHUNK))).to(known)
    problem.journal.check("the features stayed as they were", torch.allclose(again, known[:CHUNK], atol=1e-4))
    return network


def fit(problem: Problem, hyper: HeadRecipe) -> Network:
    """Train features by ERM, then a new head on batches in which every group that occurs is equally likely."""
    sampler = balanced(problem.train.groups, hyper.batch_size)
    return retrain_head(train_features(problem, hyper, hidden=True), problem, hyper, sampler=sampler)


submission = Baseline(
    __name__,
    fit,
    HeadRecipe(head_epochs=20, head_lr=0.008, head_weight_decay=0.0028),
    access="train_groups",
    version=6,
    frozen={"l2": 2.4e-07},
)
