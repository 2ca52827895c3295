"""Environment inference for invariant learning (Creager et al. 2021).

Splits the training samples into the two environments on which a reference model breaks the invariance
principle most; then trains Group-DRO on their groups, as the paper does on Waterbirds.
"""

import math
from dataclasses import field, replace

import torch
from pydantic.dataclasses import dataclass
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn.functional import cross_entropy

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import within
from spurgen.baselines.training.inference import logits
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import shuffled
from spurgen.baselines.training.worst_group import WorstGroupRecipe, train_worst_group

REFERENCE = "googleinterns/fairness_ssl: 1 on Waterbirds; a reference that fits every sample tells none apart"


@dataclass(frozen=True)
class Hyperparameters(WorstGroupRecipe):
    """Adds how long the reference model trains."""

    reference_epochs: int = field(default=1, metadata=within(1, 1000, REFERENCE, search=(1, 2)))


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Trains a reference model by ERM, then Group-DRO on (class, inferred environment) groups."""
    labels = problem.train.labels
    reference = problem.network(hyper, "reference")
    recipe = replace(hyper, epochs=hyper.reference_epochs)
    sampler = shuffled(torch.arange(len(labels)), hyper.batch_size)
    train(reference, problem, recipe, sampler=sampler, stage="reference")
    scores = logits(reference, problem.train.inputs).to(labels.device)
    environments = infer_environments(scale_gradients(calibrate(scores, labels), labels))
    problem.journal.check("no inferred environment is empty", len(torch.bincount(environments).nonzero()) == 2)
    groups = replace(problem.train, group_ids=2 * labels + environments, num_groups=2 * problem.num_classes)
    network = problem.network(hyper)
    train_worst_group(network, problem, hyper, groups)
    return network


def calibrate(scores: Tensor, labels: Tensor) -> Tensor:
    """Returns the logits scaled to where their risk is least, float64 (n, K); `scores` (n, K), `labels` int64 (n,).

    The paper's reference is an ERM solution, at which the risk has no slope in the scale. After few
    epochs the logits are too small: then every slope can be negative, and one environment empty.
    """
    z = scores.double()
    best = minimize_scalar(lambda log: cross_entropy(z * math.exp(log), labels).item(), bounds=(-5, 5))
    return z * math.exp(best.x)


def scale_gradients(z: Tensor, labels: Tensor) -> Tensor:
    """Returns each sample's gradient of the cross-entropy with respect to a scale of its logits, at scale 1.

    `z` float64 (n, K), `labels` int64 (n,); float64 (n,): sum_k (p_k - y_k) z_k, here sum_k p_k (z_k - z_y), in
    which rounding cannot turn the sign of a sample that is right.
    """
    return (z.softmax(1) * (z - z.gather(1, labels[:, None]))).sum(1)


def infer_environments(slopes: Tensor) -> Tensor:
    """Returns the environments that maximise the IRM penalty, int64 (n,) in {0, 1}.

    That is the sum over both of the squared gradient of the risk, each sample weighted by its share in the environment,
    the objective of the paper's EI step. With A the mean of the first and S the sum of both means, it is A^2 +
    (S - A)^2: convex in A, hence largest where A is, or where it is smallest, and either way the sign of the slope
    divides the samples. The authors climb there with soft shares by Adam, and cut at one half.
    """
    return (slopes > 0).long()


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(weight_decay=0.1, eta=0.1), access="val_groups", version=1)
