"""Just train twice (Liu et al. 2021): a second model trains with the errors of a first one upweighted."""

from dataclasses import replace

import torch
from pydantic.dataclasses import dataclass

from spurgen.baselines.training.hyperparameters import Choice, LogUniform
from spurgen.baselines.training.problem import Objective, mean_loss
from spurgen.baselines.training.toolkit import Baseline, Network, Problem, Recipe, logits, train, weighted, within

_EPOCHS = "Liu et al. 2021: CelebA 1, Waterbirds 60 of 300; Zhang et al. 2022: ERM that does not fit every sample"
_LR = "chosen here: reaches lower than lr, so that the first model does not fit what conflicts"
_L2 = "chosen here: strong, so that what conflicts is misclassified; the optimum of a weak one has no errors"
_DECAY = "Liu et al. 2021, released commands: 0 to 1"


@dataclass(frozen=True)
class FirstStageRecipe(Recipe):
    """Common settings, plus the first model's number of epochs, learning rate and weight decay.

    On frozen features, where training has no epochs, `first_l2` keeps it from fitting every sample.
    """

    first_epochs: int = within(1, 1000, _EPOCHS, default=1, search=Choice((1, 2, 3)), only="inputs")
    first_lr: float = within(1e-6, 1.0, _LR, default=1e-3, search=LogUniform(1e-4, 4e-3), only="inputs")
    first_weight_decay: float = within(0.0, 10.0, _DECAY, default=1e-2, search=LogUniform(1e-3, 1.0), only="inputs")
    first_l2: float = within(1e-9, 1.0, _L2, default=1e-2, search=LogUniform(1e-4, 1e-1), only="features")


def train_first(
    problem: Problem, hyper: FirstStageRecipe, stage: str, objective: Objective = mean_loss
) -> torch.Tensor:
    """Train a first model; return its logits on train in evaluation mode, float32 (n, K)."""
    recipe = replace(
        hyper, epochs=hyper.first_epochs, lr=hyper.first_lr, weight_decay=hyper.first_weight_decay, l2=hyper.first_l2
    )
    first = train(problem.network(hyper, stage), problem, recipe, objective=objective, stage=stage)
    return logits(first, problem.train.inputs).to(problem.train.labels.device)


UPWEIGHT = "Liu et al. 2021: 50 on CelebA, 100 on Waterbirds; SubpopBench 10^U(0, 2.5)"


@dataclass(frozen=True)
class Hyperparameters(FirstStageRecipe):
    """Settings of both models, plus the weight of the first one's errors."""

    upweight: int = within(2, 1000, UPWEIGHT, default=10, search=Choice((5, 10, 20, 50, 100)))


def fit(problem: Problem, hyper: Hyperparameters) -> Network:
    """Train an identification model, then a second one on batches in which its errors count `upweight` times."""
    wrong = train_first(problem, hyper, "identification").argmax(1) != problem.train.labels
    problem.journal.check("the error set is not empty", bool(wrong.any()))
    # The authors repeat the errors; drawing them in proportion keeps an epoch as long as one of ERM.
    weights = torch.where(wrong, float(hyper.upweight), 1.0)
    return train(problem.network(hyper), problem, hyper, sampler=weighted(weights, hyper.batch_size))


submission = Baseline(
    __name__,
    fit,
    Hyperparameters(lr=0.0063, weight_decay=0.5, first_epochs=3, first_lr=0.00019, first_weight_decay=0.21),
    access="val_groups",
    version=3,
    frozen={"l2": 0.00023, "first_l2": 0.0014, "upweight": 50},
)
