"""Deep feature reweighting (Kirichenko et al. 2022, DFR_Tr^Val): ERM's last layer refitted on balanced held-out data.

Two departures, since here many groups have one validation sample or none. The authors cut every group
to the size of the smallest, which would leave one sample of each; here a subset has at least
`per_group` of every group that occurs, and small groups repeat theirs. And losses are weighted so that
every class counts the same, as it does by itself where all groups occur.
"""

from dataclasses import field

import numpy as np
import sklearn
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from sklearn.linear_model import LogisticRegression
from torch import Generator, Tensor, nn

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.halves import halves
from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.baselines.training.inference import features, validate
from spurgen.baselines.training.last_layer import train_features
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.contract import Int64
from spurgen.benchmark.selection import best

Float64 = NDArray[np.float64]
STRENGTHS = (1.0, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01)
"""Inverse strengths of the L1 penalty (Kirichenko et al. 2022)."""
UNSEEN = -10.0
"""The logit of a class of which there is no held-out sample."""
_L1 = {"l1_ratio": 1.0} if tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 8) else {"penalty": "l1"}


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Adds how many fits are averaged, and the least number of a group's samples in the subset of each."""

    fits: int = field(default=20, metadata=within(1, 1000, "Kirichenko et al. 2022: the average of 20"))
    per_group: int = field(
        default=16, metadata=within(1, 10000, "chosen here: v1's groups with one conflict have about 16; 1 is DFR's")
    )


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Trains by ERM, chooses the penalty on one half of val, refits on all of it and averages the fits.

    The network is ERM's last: an epoch chosen on val would be chosen on the samples of the refit.
    """
    network, val = train_features(problem, hyper), problem.val
    found = torch.unique(val.labels).numel()
    problem.journal.check("every class has held-out samples", found == problem.num_classes)
    generator = Generator().manual_seed(problem.seed_for("dfr"))
    known = features(network, val.inputs).double().numpy()
    labels, groups = val.labels.cpu().numpy(), val.groups.cpu()

    def refit(pool: Tensor, strength: float) -> Float64:
        rows = pool[balanced_subset(groups[pool], hyper.per_group, generator)].numpy()
        mean, scale = standardisation(known[pool.numpy()])
        seed = int(torch.randint(2**31, (), generator=generator))
        head = one_vs_rest((known[rows] - mean) / scale, labels[rows], problem.num_classes, strength, seed)
        return fold(head, mean, scale)

    fitting, choosing = halves(groups, generator)
    chosen_by, scores = val.take(choosing.to(val.labels.device)), []
    for strength in STRENGTHS:
        put(network.head, refit(fitting, strength))
        scores.append(validate(network, chosen_by))
    strength = STRENGTHS[best(scores, "val_wga")]
    everything = torch.arange(len(val))
    put(network.head, np.mean([refit(everything, strength) for _ in range(hyper.fits)], axis=0))
    problem.journal.curves[-1]["C"] = strength
    network.checkpoints.clear()
    return network


def balanced_subset(groups: Tensor, per_group: int, generator: Generator) -> Tensor:
    """Draws equally many samples of every group that occurs: of the smallest all, or `per_group` if that is more.

    `groups` int64 (n,); int64 (m,) indices. A group with too few goes round until it has enough, so
    that none of its samples occurs twice more often than another.
    """
    order = torch.randperm(len(groups), generator=generator)
    members = [order[groups[order] == group] for group in torch.unique(groups)]
    size = max(per_group, min(map(len, members)))
    return torch.cat([pool.repeat(-(-size // len(pool)))[:size] for pool in members])


def standardisation(known: Float64) -> tuple[Float64, Float64]:
    """Returns the features' means and standard deviations, float64 (d,) each; 1 for a feature that is constant."""
    scale = known.std(axis=0)
    return known.mean(axis=0), np.where(scale > 0, scale, 1.0)


def one_vs_rest(known: Float64, labels: Int64, num_classes: int, strength: float, seed: int) -> Float64:
    """Fits an L1 logistic regression of each class against the others, as the authors' solver does.

    `known` float64 (n, d), standardised; `labels` int64 (n,). Every class counts the same, by weights
    whose mean is 1. Returns float64 (K, d + 1): coefficients, and intercepts last.
    """
    sizes = np.bincount(labels, minlength=num_classes)
    weights = len(labels) / (np.count_nonzero(sizes) * sizes[labels])
    head = np.zeros((num_classes, known.shape[1] + 1))
    head[:, -1] = np.where(sizes > 0, 0.0, UNSEEN)
    for label in np.flatnonzero((sizes > 0) & (sizes < len(labels))):
        model = LogisticRegression(solver="liblinear", C=strength, max_iter=1000, random_state=seed, **_L1)
        model.fit(known, labels == label, sample_weight=weights)
        head[label] = np.append(model.coef_[0], model.intercept_)
    return head


def fold(head: Float64, mean: Float64, scale: Float64) -> Float64:
    """Turns a head on standardised features into one on the features themselves, float64 (K, d + 1)."""
    coefficients = head[:, :-1] / scale
    return np.column_stack([coefficients, head[:, -1] - coefficients @ mean])


@torch.no_grad()
def put(layer: nn.Linear, head: Float64) -> None:
    """Overwrites a linear layer with coefficients and intercepts, float64 (K, d + 1)."""
    layer.weight.copy_(torch.from_numpy(head[:, :-1]))
    layer.bias.copy_(torch.from_numpy(head[:, -1]))


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(lr=0.004, weight_decay=0.1), access="val_groups", version=1)
