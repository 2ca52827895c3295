"""Deep feature reweighting (Kirichenko et al. 2022, DFR_Tr^Val): ERM's last layer refitted on balanced held-out data.

As the authors do, a subset has as many samples of each group as the smallest group has, if that is `per_group` or more.
A smaller group would leave next to nothing of the others: then every group has `per_group` samples, and small ones
repeat theirs. The journal says which it was. Losses are weighted so that every class counts the same, which holds
without weights only if all groups occur. The penalty is selected by the rule that selects epochs, the worst alignment
pattern over all classes; the authors use the worst group.
"""

import numpy as np
import sklearn
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from sklearn.linear_model import LogisticRegression
from torch import Generator, Tensor, nn

from spurgen.baselines.crt import FeatureRecipe, train_features
from spurgen.baselines.training.hyperparameters import redefined
from spurgen.baselines.training.samplers import halves
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, features, validate, within
from spurgen.benchmark.checkpoint_rules import best
from spurgen.benchmark.contract import Int64

Float64 = NDArray[np.float64]
STRENGTHS = (1.0, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01)
"""Candidates for C, the inverse strength of the L1 penalty (Kirichenko et al. 2022)."""
PER_GROUP = "chosen here: half of a split with 20 samples a group has 10; 1 is DFR's"
UNSEEN = -10.0
"""Logit of a class without held-out samples."""
_L1 = {"l1_ratio": 1.0} if tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 8) else {"penalty": "l1"}


@dataclass(frozen=True)
class Hyperparameters(FeatureRecipe):
    """Settings of the features, plus the number of fits to average, and the least number of samples per group in each.

    The strength of the penalty is selected within each run, by the rule `selection`; `l2` changes no answer, and is not
    searched.
    """

    l2: float = redefined(FeatureRecipe, "l2", search=None)

    fits: int = within(1, 1000, "Kirichenko et al. 2022: the average of 20", default=20)
    per_group: int = within(1, 10000, PER_GROUP, default=8)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train by ERM, select the penalty on one half of val, and average several refits on all of val.

    The features are those of ERM's last epoch: an epoch selected on val would be selected on the refit's own samples.
    """
    network, val = train_features(problem, hyper), problem.val
    classes = torch.unique(val.labels).numel()
    problem.journal.check("every class has held-out samples", classes == problem.num_classes)
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
    strength = STRENGTHS[best(scores, "val_robust" if hyper.selection == "tier" else hyper.selection)]
    everything = torch.arange(len(val))
    put(network.head, np.mean([refit(everything, strength) for _ in range(hyper.fits)], axis=0))
    smallest = int(torch.unique(groups, return_counts=True)[1].min())
    size = float(max(smallest, hyper.per_group))
    problem.journal.curves[-1] |= {"C": strength, "samples_per_group": size, "smallest_group": float(smallest)}
    network.checkpoints.clear()
    return network


def balanced_subset(groups: Tensor, per_group: int, generator: Generator) -> Tensor:
    """Draw equally many samples of every group that occurs: the size of the smallest, or `per_group` if that is more.

    `groups` int64 (n,); returns indices, int64 (m,). A group with fewer samples repeats them in turn, so that their
    counts differ by one at most.
    """
    order = torch.randperm(len(groups), generator=generator)
    members = [order[groups[order] == group] for group in torch.unique(groups)]
    size = max(per_group, min(map(len, members)))
    return torch.cat([pool.repeat(-(-size // len(pool)))[:size] for pool in members])


def standardisation(known: Float64) -> tuple[Float64, Float64]:
    """Return means and standard deviations of the features, float64 (d,) each; a constant feature has deviation 1."""
    scale = known.std(axis=0)
    return known.mean(axis=0), np.where(scale > 0, scale, 1.0)


def one_vs_rest(known: Float64, labels: Int64, num_classes: int, strength: float, seed: int) -> Float64:
    """Fit an L1 logistic regression of each class against the others, with the authors' solver.

    `known` float64 (n, d), standardised; `labels` int64 (n,). Sample weights of mean 1 give every class the same total
    weight. Returns float64 (K, d + 1): coefficients, with the intercepts last.
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
    """Convert a head on standardised features into one on the raw features, float64 (K, d + 1)."""
    coefficients = head[:, :-1] / scale
    return np.column_stack([coefficients, head[:, -1] - coefficients @ mean])


@torch.no_grad()
def put(layer: nn.Linear, head: Float64) -> None:
    """Overwrite a linear layer with coefficients and intercepts, float64 (K, d + 1)."""
    layer.weight.copy_(torch.from_numpy(head[:, :-1]))
    layer.bias.copy_(torch.from_numpy(head[:, -1]))


submission = Baseline(__name__, fit, Hyperparameters(), access="val_groups", version=3, frozen={"l2": 1e-05})
