"""A training algorithm as a submission."""

from collections.abc import Callable
from typing import Generic, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.hyperparameters import H, check, override
from spurgen.baselines.training.problem import Codec, Problem
from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError

Float32 = NDArray[np.float32]
CHUNK = 128
"""Samples per forward pass: enough to fill a core, few enough for the activations to stay in cache."""


@final
class Baseline(Generic[H]):
    """Offers a method, `fit(problem, hyper) -> network`, through the submission interface.

    `module` is the `__name__` of the method's file, whose last part becomes the public name.
    """

    MODALITIES = frozenset({"image", "text", "multimodal"})

    def __init__(self, module: str, fit: Callable[[Problem, H], Network], hyper: H, *, access: str) -> None:
        self.NAME = module.rpartition(".")[2]
        self.ACCESS = access
        self.HYPERPARAMETERS = hyper
        self._module, self._fit = module, fit
        self._fitted: tuple[Network, Codec] | None = None
        check(self.NAME, hyper)

    def with_options(self, **options: object) -> "Baseline[H]":
        """Returns the untrained method with some hyper-parameters changed.

        Raises `SubmissionError` on an unknown option, a wrong type or a value out of range.
        """
        hyper = override(self.NAME, self.HYPERPARAMETERS, options)
        return Baseline(self._module, self._fit, hyper, access=self.ACCESS)

    @property
    def history(self) -> list[float]:
        """Holds the mean loss of every epoch that the network was trained for."""
        return list(self._model()[0].history)

    def fit(self, train: LabeledData, val: LabeledData, context: Context) -> None:
        """Trains a network from scratch and keeps it."""
        problem = Problem.of(train, val, context)
        try:
            network = self._fit(problem, self.HYPERPARAMETERS)
        except SubmissionError as error:
            raise SubmissionError(f"{self.NAME}: {error}") from None
        self._fitted = network.eval(), problem.codec

    def predict(self, batch: Batch) -> Float32:
        """Returns logits float32 (n, K)."""
        network, codec = self._model()
        return _in_chunks(network, codec(batch), network.head.out_features)

    def encode(self, batch: Batch) -> Float32:
        """Returns features float32 (n, d)."""
        network, codec = self._model()
        return _in_chunks(network.encode, codec(batch), network.head.in_features)

    def _model(self) -> tuple[Network, Codec]:
        if self._fitted is None:
            raise SubmissionError(f"{self.NAME} is not trained yet; call fit() first")
        return self._fitted


@torch.inference_mode()
def _in_chunks(function: Callable[[Inputs], Tensor], inputs: Inputs, width: int) -> Float32:
    answers = torch.empty(len(inputs), width)
    for start in range(0, len(inputs), CHUNK):
        answers[start : start + CHUNK] = function(inputs.take(slice(start, start + CHUNK)))
    return answers.numpy()
