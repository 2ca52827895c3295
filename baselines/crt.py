"""Classifier retraining (Kang et al. 2020, section 4.1: cRT; over groups in Yang et al. 2023).

ERM learns the features. They are then frozen, and a new head is trained on them with group-balanced batches.
"""

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.last_layer import HeadRecipe, retrain_head, train_features
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import balanced


@dataclass(frozen=True)
class Hyperparameters(HeadRecipe):
    """Settings of a retrained head, without additions."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train features by ERM, then a new head on batches in which every group that occurs is equally likely."""
    network = train_features(problem, hyper)
    retrain_head(network, problem, hyper, balanced(problem.train.groups, hyper.batch_size))
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(lr=0.004), access="train_groups", version=1)
