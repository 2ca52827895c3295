"""Classifier retraining with a weighted loss (Kang et al. 2020, section 4.1; ReWeightCRT in Yang et al. 2023).

ERM learns the features. They are then frozen, and a new head is trained on them with every group weighted equally.
"""

import torch

from spurgen.baselines.crt import HeadRecipe, retrain_head, train_features
from spurgen.baselines.reweight import sample_weights
from spurgen.baselines.training.toolkit import Baseline, Network, Problem


def fit(problem: Problem, hyper: HeadRecipe) -> Network:
    """Train features by ERM, then a new head with losses weighted by 1 / size of the group."""
    weights = sample_weights(problem.train.groups, torch.reciprocal)
    return retrain_head(train_features(problem, hyper, hidden=True), problem, hyper, weights=weights)


submission = Baseline(
    __name__,
    fit,
    HeadRecipe(head_epochs=10, head_lr=0.0053, head_weight_decay=0.0078),
    access="train_groups",
    version=6,
    frozen={"l2": 2.4e-07},
)
