"""CVaR distributionally robust optimisation (Levy et al. 2020): the mean loss of the worst share of samples.

Training uses no groups. Validation groups select the epoch, as in the published comparisons.
"""

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn.functional import softplus

from spurgen.baselines.training.toolkit import Baseline, LogUniform, Network, Problem, Recipe, Step, train, within

SHARPNESS = "chosen here, in 1 / nats: the borderline between samples that count and others is smooth on this scale"


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the share of samples whose losses count; 1 is ERM."""

    alpha: float = within(
        0.001, 1.0, "SubpopBench: default .1, 10^U(-2, 0)", default=0.18, search=LogUniform(0.01, 1.0)
    )
    sharpness: float = within(0.01, 1e5, SHARPNESS, default=1000.0, search=LogUniform(10.0, 1e4), only="features")


def cvar(losses: Tensor, alpha: float) -> Tensor:
    """Return the mean of the alpha * b largest losses, the last of them counted in part; `losses` (b,).

    This is the largest weighted mean under weights that sum to 1 and are at most 1 / (alpha * b) each, over a batch
    instead of all samples (Levy et al. 2020, section 3). If alpha * b is below 1, it is the largest loss.
    """
    worst_first = losses.sort(descending=True).values
    count = alpha * len(losses)
    parts = (count - torch.arange(len(losses), device=losses.device)).clamp(0, 1)
    return worst_first @ parts / count


def smooth_cvar(losses: Tensor, alpha: float, sharpness: float) -> Tensor:
    """Return the least value, over bounds t, of t + mean(softplus(loss - t)) / alpha, where softplus has a sharpness.

    Without the smoothing, max(loss - t, 0), this is the CVaR (Rockafellar & Uryasev 2000, theorem 1), which has kinks.
    It is convex in the losses (b,), and its gradient does not involve that of the best bound.
    """
    known = losses.detach()
    low, high = known.min() - 50 / sharpness, known.max() + 50 / sharpness
    for _ in range(60):  # bisection for the bound that a share alpha of the samples exceeds
        bound = (low + high) / 2
        over = (sharpness * (known - bound)).sigmoid().mean() > alpha
        low, high = torch.where(over, bound, low), torch.where(over, high, bound)
    return bound + softplus(losses - bound, beta=sharpness).mean() / alpha


class WorstShare:
    """Training objective: the CVaR of the batch."""

    def __init__(self, alpha: float, sharpness: float) -> None:
        self.alpha, self.sharpness = alpha, sharpness

    def __call__(self, step: Step) -> Tensor:
        """Return the mean of the batch's largest losses."""
        return cvar(step.losses, self.alpha)

    def whole(self, step: Step) -> Tensor:
        """Return the smoothed CVaR over all samples."""
        return smooth_cvar(step.losses, self.alpha, self.sharpness)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on the CVaR of shuffled batches."""
    objective = WorstShare(hyper.alpha, hyper.sharpness)
    return train(problem.network(hyper), problem, hyper, objective=objective)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0098, weight_decay=0.11),
    access="val_groups",
    version=3,
    frozen={"l2": 1.3e-06, "alpha": 0.36, "sharpness": 570.0},
)
