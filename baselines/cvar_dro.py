"""CVaR distributionally robust optimisation (Levy et al. 2020): the mean loss of the worst share of samples.

Training uses no groups. Validation groups select the epoch, as in the published comparisons.
"""

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spurgen.baselines.training.toolkit import (
    Baseline,
    LogUniform,
    Network,
    Problem,
    Recipe,
    Step,
    redefined,
    train,
    within,
)


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Common settings, plus the share of samples whose losses count; 1 is ERM."""

    lr: float = redefined(Recipe, "lr", default=0.0098)
    weight_decay: float = redefined(Recipe, "weight_decay", default=0.11)
    alpha: float = within(
        0.001, 1.0, "SubpopBench: default .1, 10^U(-2, 0)", default=0.18, search=LogUniform(0.01, 1.0)
    )


def cvar(losses: Tensor, alpha: float) -> Tensor:
    """Return the mean of the alpha * b largest losses, the last of them counted in part; `losses` (b,).

    This is the largest weighted mean under weights that sum to 1 and are at most 1 / (alpha * b) each, over a batch
    instead of all samples (Levy et al. 2020, section 3). If alpha * b is below 1, it is the largest loss.
    """
    worst_first = losses.sort(descending=True).values
    count = alpha * len(losses)
    parts = (count - torch.arange(len(losses), device=losses.device)).clamp(0, 1)
    return worst_first @ parts / count


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train on the CVaR of shuffled batches."""

    def objective(step: Step) -> Tensor:
        return cvar(step.losses, hyper.alpha)

    return train(problem.network(hyper), problem, hyper, objective=objective)


submission = Baseline(__name__, fit, Hyperparameters(), access="val_groups", version=2)
