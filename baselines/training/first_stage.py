"""Settings of the first of two models, whose errors the second trains on."""

from dataclasses import replace

from pydantic.dataclasses import dataclass

from spurgen.baselines.training.hyperparameters import Recipe, within
from spurgen.baselines.training.search import Choice, LogUniform

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


def first_recipe(hyper: FirstStageRecipe) -> FirstStageRecipe:
    """Return the settings with which the first model is trained."""
    return replace(
        hyper,
        epochs=hyper.first_epochs,
        lr=hyper.first_lr,
        weight_decay=hyper.first_weight_decay,
        l2=hyper.first_l2,
    )
