"""Correct-n-contrast (Zhang et al. 2022): features of one class are pulled together across a first model's predictions.

An anchor's positives have its class but another prediction, its negatives its prediction but another
class. The authors draw both anew for every anchor, some thirty forward passes per sample. Here a batch
holds right and wrong predictions of every class alike, and every sample in it is an anchor among the
others: the same pairs at the cost of ERM.
"""

from dataclasses import field, replace

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn.functional import normalize

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.baselines.training.inference import logits
from spurgen.baselines.training.loop import Step, train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import balanced, shuffled


@dataclass(frozen=True)
class Hyperparameters(Recipe):
    """Adds how long the first model trains, and the contrastive loss's temperature and weight."""

    first_epochs: int = field(
        default=2, metadata=within(1, 1000, "Zhang et al. 2022, stage 1: ERM that does not fit every sample; here of 3")
    )
    temperature: float = field(
        default=0.1, metadata=within(0.01, 10.0, "Zhang et al. 2022: 0.05 to 0.1", search=(0.05, 0.1, 0.5))
    )
    contrast: float = field(
        default=0.75, metadata=within(0.0, 1.0, "Zhang et al. 2022: 0.75", search=(0.25, 0.5, 0.75))
    )


class Contrast:
    """Adds the contrastive loss to the mean cross-entropy; `predictions` int64 (n,) are the first model's."""

    def __init__(self, predictions: Tensor, hyper: Hyperparameters) -> None:
        self.predictions, self.hyper = predictions, hyper
        self.anchors = torch.zeros((), device=predictions.device)
        """Counts the anchors with positives so far."""

    def __call__(self, step: Step) -> Tensor:
        """Returns the weighted sum of both losses."""
        positives, negatives = pairs(step.labels, self.predictions[step.indices])
        contrast = contrastive_loss(step.features, positives, negatives, self.hyper.temperature)
        found = positives.any(1).float().mean()
        self.anchors += found
        step.notes |= {"contrast": contrast, "anchors": found}
        return self.hyper.contrast * contrast + (1 - self.hyper.contrast) * step.losses.mean()


def pairs(labels: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
    """Tells which samples are each anchor's positives and which its negatives, bool (b, b) both.

    Positives share the class and not the prediction, negatives the prediction and not the class.
    """
    same_class = labels[:, None] == labels
    same_prediction = predictions[:, None] == predictions
    return same_class & ~same_prediction, ~same_class & same_prediction


def contrastive_loss(features: Tensor, positives: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """Returns the supervised contrastive loss over the anchors that have positives, else 0.

    For each anchor the mean over its positives of -log(exp(s) / sum of exp(s) over positives and
    negatives), s being a cosine over the temperature. `features` (b, d).
    """
    directions = normalize(features, dim=1)
    similarities = directions @ directions.T / temperature
    anchors = positives.any(1)
    # Other rows are masked in the sum alone: a row with nothing in it would have no finite gradient.
    shown = similarities.masked_fill(anchors[:, None] & ~(positives | negatives), -torch.inf)
    gaps = (shown.logsumexp(1, keepdim=True) - similarities) * positives
    losses = gaps.sum(1) / positives.sum(1).clamp(min=1)
    return losses.sum() / anchors.sum().clamp(min=1)


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Trains a first model by ERM, then a second against both losses on batches balanced by its errors."""
    labels = problem.train.labels
    first = problem.network(hyper, "first")
    everything = torch.arange(len(labels))
    recipe = replace(hyper, epochs=hyper.first_epochs)
    train(first, problem, recipe, sampler=shuffled(everything, hyper.batch_size), stage="first")
    predictions = logits(first, problem.train.inputs).argmax(1).to(labels.device)
    objective = Contrast(predictions, hyper)
    network = problem.network(hyper)
    sampler = balanced(2 * labels + (predictions != labels), hyper.batch_size)
    train(network, problem, hyper, sampler=sampler, objective=objective)
    problem.journal.check("anchors with positives were drawn", bool(objective.anchors > 0))
    return network


# tuned: benchmark/sweeps/v1.md
submission = Baseline(__name__, fit, Hyperparameters(contrast=0.25), access="val_groups", version=1)
