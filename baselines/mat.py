"""Memorisation-aware training (Bayat et al. 2024): logits are shifted by what held-out predictions say of the label.

The held-out predictions are those of the twins of `xrm`. The network need not learn what they explain.
"""

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from spurgen.baselines.jtt import FirstStageRecipe
from spurgen.baselines.training.toolkit import Baseline, Choice, Network, Problem, Step, train, within
from spurgen.baselines.xrm import twin_scores

LEAST = 1e-6
"""Added to probabilities, as by the authors."""
TEMPERATURE = "Bayat et al. 2024, released code: 0.001, 0.01 or 0.1"


@dataclass(frozen=True)
class Hyperparameters(FirstStageRecipe):
    """Common settings and those of the twins, plus the temperature of the held-out predictions."""

    temperature: float = within(1e-4, 100.0, TEMPERATURE, default=0.1, search=Choice((0.001, 0.01, 0.1)))


def label_shift(unseen: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Return the logarithm of the label's probability given the held-out prediction, (n, K).

    `unseen`: held-out logits (n, K), labels int64 (n,). How often a predicted class goes with a label is counted in all
    of train; the authors count it in each batch.
    """
    predicted = (unseen / temperature).softmax(1)
    together = predicted.T @ one_hot(labels, unseen.shape[1]).to(predicted)
    given = together / together.sum(1, keepdim=True).clamp(min=torch.finfo(together.dtype).tiny)
    return (predicted @ given + LEAST).log()


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train twins, then a network with the shift added to its logits; predictions are made without it."""
    _, unseen = twin_scores(problem, hyper)
    shift = label_shift(unseen, problem.train.labels, hyper.temperature)
    problem.journal.check("the shifts differ between samples", bool((shift.amax(0) > shift.amin(0)).any()))

    def objective(step: Step) -> Tensor:
        return cross_entropy(step.logits + shift[step.indices], step.labels)

    return train(problem.network(hyper), problem, hyper, objective=objective)


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0098, weight_decay=0.11, first_epochs=3, first_lr=0.00019, first_weight_decay=0.21),
    access="val_groups",
    version=2,
    frozen={"l2": 2.1e-05, "first_l2": 0.00021, "temperature": 0.001},
)
