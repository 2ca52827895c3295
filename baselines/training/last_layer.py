"""Retraining of the head on frozen features, shared by the methods that decouple the two."""

from dataclasses import replace

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.baselines.training.inference import CHUNK, features
from spurgen.baselines.training.loop import Step, train
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import Sampler


@dataclass(frozen=True)
class HeadRecipe(Recipe):
    """Common settings, plus the number of epochs of the head on the frozen features."""

    head_epochs: int = within(
        1, 1000, "Kang et al. 2020, released configuration for ImageNet-LT: 10 after 90", default=10
    )


def train_features(problem: Problem, recipe: Recipe) -> Network:
    """Train a network by ERM, the first stage."""
    return train(problem.network(recipe), problem, recipe, stage="features")


def retrain_head(
    network: Network,
    problem: Problem,
    hyper: HeadRecipe,
    *,
    sampler: Sampler | None = None,
    weights: Tensor | None = None,
) -> Network:
    """Train the head from new initial weights on the frozen features of train, and return the network.

    The features are computed once, in evaluation mode: an epoch then costs almost nothing, and the encoders' weights
    and running statistics do not change. `weights` float32 (n,) on the network's device multiplies the samples' losses.
    """
    known = features(network, problem.train.inputs).to(network.device)
    network.head = problem.network(hyper, "head").head

    def objective(step: Step) -> Tensor:
        step.features = known[step.indices]
        losses = step.losses
        return (losses if weights is None else losses * weights[step.indices]).mean()

    recipe = replace(hyper, epochs=hyper.head_epochs)
    train(network, problem, recipe, sampler=sampler, objective=objective, stage="head")
    again = features(network, problem.train.inputs.take(slice(CHUNK))).to(network.device)
    problem.journal.check("the features stayed as they were", torch.allclose(again, known[:CHUNK], atol=1e-4))
    return network
