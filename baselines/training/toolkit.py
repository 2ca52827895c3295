"""What almost every method imports, in one place; parts that few need are imported from their own files."""

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Choice, LogUniform, Recipe, Uniform, cited, within
from spurgen.baselines.training.loop import features, logits, train, validate
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem, Step
from spurgen.baselines.training.samplers import balanced, shuffled, weighted

__all__ = [
    "Baseline", "Choice", "LogUniform", "Network", "Problem", "Recipe", "Step", "Uniform", "balanced", "cited",
    "features", "logits", "shuffled", "train", "validate", "weighted", "within",
]  # fmt: skip
