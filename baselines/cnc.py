"""Correct-n-contrast (Zhang et al. 2022): a contrastive loss across the predictions of a first model.

An anchor's positives have its class and another prediction; its negatives have its prediction and another class. The
authors draw both anew for every anchor, about thirty forward passes per sample. Here a batch is balanced over class and
correctness of the prediction, and each of its samples is an anchor among the others: the same kind of pairs at the cost
of ERM.
"""

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn.functional import normalize

from spurgen.baselines.jtt import FirstStageRecipe, train_first
from spurgen.baselines.training.hyperparameters import LogUniform, Uniform
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Step, balanced, train, within

TEMPERATURE = "Zhang et al. 2022: 0.05 to 0.1"
CONTRAST = "Zhang et al. 2022: 0.75"


@dataclass(frozen=True)
class Hyperparameters(FirstStageRecipe):
    """Settings of both models, plus temperature and weight of the contrastive loss."""

    temperature: float = within(0.01, 10.0, TEMPERATURE, default=0.15, search=LogUniform(0.05, 0.5))
    contrast: float = within(0.0, 1.0, CONTRAST, default=0.78, search=Uniform(0.1, 0.9))


class Contrast:
    """Training objective: contrastive loss plus mean cross-entropy; `predictions` int64 (n,) of the first model."""

    solvable = False  # samples are compared within a batch

    def __init__(self, predictions: Tensor, hyper: Hyperparameters) -> None:
        self.predictions, self.hyper = predictions, hyper
        self.anchors = torch.zeros((), device=predictions.device)
        """Sum, over the batches so far, of the share of anchors that have positives."""

    def __call__(self, step: Step) -> Tensor:
        """Return the weighted sum of both losses."""
        positives, negatives = pairs(step.labels, self.predictions[step.indices])
        contrast = contrastive_loss(step.features, positives, negatives, self.hyper.temperature)
        share = positives.any(1).float().mean()
        self.anchors += share
        step.notes |= {"contrast": contrast, "anchors": share}
        return self.hyper.contrast * contrast + (1 - self.hyper.contrast) * step.losses.mean()


def pairs(labels: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
    """Return each anchor's positives and negatives, two bool (b, b) with a row per anchor.

    Positives share the anchor's class but not its prediction, negatives its prediction but not its class.
    """
    same_class = labels[:, None] == labels
    same_prediction = predictions[:, None] == predictions
    return same_class & ~same_prediction, ~same_class & same_prediction


def contrastive_loss(features: Tensor, positives: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """Return the supervised contrastive loss, averaged over the anchors that have positives; 0 if none has.

    An anchor's loss is the mean over its positives of -log(exp(s) / sum of exp(s) over positives and negatives), where
    s is the cosine similarity divided by the temperature. `features` (b, d).
    """
    directions = normalize(features, dim=1)
    similarities = directions @ directions.T / temperature
    anchors = positives.any(1)
    # Rows without positives stay unmasked: a row of nothing but -inf has no finite gradient.
    compared = similarities.masked_fill(anchors[:, None] & ~(positives | negatives), -torch.inf)
    gaps = (compared.logsumexp(1, keepdim=True) - similarities) * positives
    losses = gaps.sum(1) / positives.sum(1).clamp(min=1)
    return losses.sum() / anchors.sum().clamp(min=1)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train a first model by ERM, then a second on both losses and batches balanced by class and first error."""
    labels = problem.train.labels
    predictions = train_first(problem, hyper, "first").argmax(1)
    objective = Contrast(predictions, hyper)
    network = problem.network(hyper, hidden=True)
    sampler = balanced(2 * labels + (predictions != labels), hyper.batch_size)
    train(network, problem, hyper, sampler=sampler, objective=objective)
    problem.journal.check("anchors with positives were drawn", bool(objective.anchors > 0))
    return network


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0087, weight_decay=0.83, first_lr=0.0011, first_weight_decay=0.005),
    access="val_groups",
    version=4,
    frozen={"l2": 0.0092, "first_l2": 0.0045, "temperature": 0.36, "contrast": 0.89},
)
