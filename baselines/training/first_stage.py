"""Settings of the first of two models, whose errors the second trains on."""

from dataclasses import replace

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.baselines.training.search import Choice, LogUniform

_EPOCHS = "Liu et al. 2021: CelebA 1, Waterbirds 60 of 300; Zhang et al. 2022: ERM that does not fit every sample"
_LR = "chosen here: reaches lower than lr, so that the first model does not fit what conflicts"
_DECAY = "Liu et al. 2021, released commands: 0 to 1"


@dataclass(frozen=True)
class FirstStageRecipe(Recipe):
    """Common settings, plus the first model's number of epochs, learning rate and weight decay."""

    first_epochs: int = within(1, 1000, _EPOCHS, default=1, search=Choice((1, 2, 3)))
    first_lr: float = within(1e-6, 1.0, _LR, default=1e-3, search=LogUniform(1e-4, 4e-3))
    first_weight_decay: float = within(0.0, 10.0, _DECAY, default=1e-2, search=LogUniform(1e-3, 1.0))


def first_recipe(hyper: FirstStageRecipe) -> FirstStageRecipe:
    """Return the settings with which the first model is trained."""
    return replace(hyper, epochs=hyper.first_epochs, lr=hyper.first_lr, weight_decay=hyper.first_weight_decay)
