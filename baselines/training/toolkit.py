"""What almost every method imports, in one place; parts that few need are imported from their own files."""

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.hyperparameters import Recipe, cited, within
from spurgen.baselines.training.inference import features, logits, validate
from spurgen.baselines.training.loop import train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.samplers import balanced, shuffled, weighted
from spurgen.baselines.training.search import Choice, LogUniform, Uniform
from spurgen.baselines.training.step import Step

__all__ = [
    "Baseline", "Choice", "LogUniform", "Network", "Problem", "Recipe", "Step", "Uniform", "balanced", "cited",
    "features", "logits", "shuffled", "train", "validate", "weighted", "within",
]  # fmt: skip
