"""Classifier retraining (Kang et al. 2020, section 4.1: cRT; over groups in Yang et al. 2023).

ERM learns the features. They are then frozen, and a new head is trained on them with group-balanced batches.
"""

from spurgen.baselines.training.last_layer import HeadRecipe, retrain_head, train_features
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, balanced


def fit(problem: Problem, hyper: HeadRecipe) -> Network:
    """Train features by ERM, then a new head on batches in which every group that occurs is equally likely."""
    sampler = balanced(problem.train.groups, hyper.batch_size)
    return retrain_head(train_features(problem, hyper, hidden=True), problem, hyper, sampler=sampler)


submission = Baseline(
    __name__,
    fit,
    HeadRecipe(head_epochs=20, head_lr=0.008, head_weight_decay=0.0028),
    access="train_groups",
    version=5,
    frozen={"l2": 5.8e-07},
)
