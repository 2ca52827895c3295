"""Environment inference for invariant learning (Creager et al. 2021).

Splits the training samples into the two environments in which a reference model violates the invariance principle most,
then trains Group-DRO on (class, environment) groups, as the paper does on Waterbirds.
"""

import math
from dataclasses import replace

import torch
from pydantic.dataclasses import dataclass
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn.functional import cross_entropy

from spurgen.baselines.group_dro import WorstGroupRecipe, train_worst_group
from spurgen.baselines.jtt import FirstStageRecipe, train_first
from spurgen.baselines.training.toolkit import Baseline, Network, Problem


@dataclass(frozen=True)
class Hyperparameters(FirstStageRecipe, WorstGroupRecipe):
    """Settings of Group-DRO, and of the reference model, which is the first stage."""


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train a reference model by ERM, then Group-DRO on (class, inferred environment) groups."""
    labels = problem.train.labels
    scores = train_first(problem, hyper, "reference")
    environments = infer_environments(scale_gradients(calibrate(scores, labels), labels))
    problem.journal.check("no inferred environment is empty", len(torch.bincount(environments).nonzero()) == 2)
    groups = replace(problem.train, group_ids=2 * labels + environments, num_groups=2 * problem.num_classes)
    return train_worst_group(problem.network(hyper), problem, hyper, groups)


def calibrate(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the logits at the scale that minimises their risk, float64 (n, K); `scores` (n, K), `labels` int64 (n,).

    The paper's reference is a minimum of the risk, where the gradient with respect to the scale is zero. After few
    epochs the logits are too small: every sample's gradient can then be negative, and one environment empty.
    """
    z = scores.double()
    best = minimize_scalar(lambda log: cross_entropy(z * math.exp(log), labels).item(), bounds=(-5, 5))
    return z * math.exp(best.x)


def scale_gradients(z: Tensor, labels: Tensor) -> Tensor:
    """Return each sample's gradient of the cross-entropy with respect to a scale of its logits, at scale 1.

    `z` float64 (n, K), `labels` int64 (n,); returns float64 (n,). The gradient is sum_k (p_k - y_k) z_k, computed as
    sum_k p_k (z_k - z_y): rounding then cannot make it positive for a correctly classified sample.
    """
    return (z.softmax(1) * (z - z.gather(1, labels[:, None]))).sum(1)


def infer_environments(slopes: Tensor) -> Tensor:
    """Return the environments that maximise the IRM penalty, int64 (n,) in {0, 1}; `slopes` (n,) of `scale_gradients`.

    The penalty, the objective of the paper's EI step, is the sum over environments of the squared gradient of the risk,
    where a sample counts by its share in the environment. If A is the gradient of the first environment and S the sum
    of both, the penalty is A^2 + (S - A)^2. This is convex in A, so it is largest where A is largest or smallest; in
    both cases the sign of the slope separates the environments. The authors approach the same split by Adam on soft
    shares, which they round.
    """
    return (slopes > 0).long()


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0063, weight_decay=0.5, first_epochs=3, first_lr=0.00019, first_weight_decay=0.21, eta=0.0083),
    access="val_groups",
    version=4,
    frozen={"l2": 6.4e-05, "sharpness": 360.0, "first_l2": 0.022},
)
