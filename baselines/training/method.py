"""A training algorithm as a submission."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Generic, final, get_args

import numpy as np
from numpy.typing import NDArray

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Codec, Data
from spurgen.baselines.training.hyperparameters import FINE_TUNING, H, Only, check, override
from spurgen.baselines.training.loop import features, logits
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.checkpoint_rules import GROUPED, best
from spurgen.benchmark.contract import Batch, Context, LabeledData, Modality
from spurgen.benchmark.errors import SubmissionError

Float32 = NDArray[np.float32]


@final
class Baseline(Generic[H]):
    """A method, `fit(problem, hyper) -> network`, as a submission.

    `module` is the `__name__` of the method's file, whose last part becomes the public name. `version` is a whole
    number, raised when a change alters the method's results; with `TRAINING_VERSION` and the options it identifies
    them. `frozen`: values of hyper-parameters on frozen features, where a sweep chose others than on images and
    captions. `options`: values that override all others.
    """

    MODALITIES = frozenset(get_args(Modality))

    def __init__(
        self,
        module: str,
        fit: Callable[[Problem, H], Network],
        hyper: H,
        *,
        access: str,
        version: int = 1,
        frozen: Mapping[str, object] | None = None,
        options: Mapping[str, object] | None = None,
    ) -> None:
        self.NAME = module.rpartition(".")[2]
        self.ACCESS = access
        self.VERSION = version
        check(self.NAME, hyper)
        self.HYPERPARAMETERS = override(self.NAME, hyper, options or {})
        self._module, self._fit, self._frozen, self._options = module, fit, frozen or {}, options or {}
        self._fitted: tuple[Network, Codec] | None = None
        self._report: dict[str, Any] = {}

    def hyper(self, on: Only) -> H:
        """Return the hyper-parameters on tasks of images and captions, of frozen features, or of trained encoders."""
        own = {entry.name for entry in fields(self.HYPERPARAMETERS)}
        trained = {name: FINE_TUNING[name] for name in FINE_TUNING.keys() & own}
        chosen = {"inputs": {}, "features": self._frozen, "finetuned": trained}[on]
        return override(self.NAME, self.HYPERPARAMETERS, {**chosen, **self._options})

    def with_options(self, **options: object) -> "Baseline[H]":
        """Return the untrained method with other values of hyper-parameters.

        Raises `SubmissionError` for an unknown option, a wrong type or a value out of range.
        """
        return Baseline(
            self._module, self._fit, self.HYPERPARAMETERS, access=self.ACCESS, version=self.VERSION,
            frozen=self._frozen, options={**self._options, **options},
        )  # fmt: skip

    def fit(self, train: LabeledData, val: LabeledData, context: Context) -> None:
        """Train a network, and set it to the weights of the epoch that the selection rule picks."""
        self.solve(Problem.of(train, val, context))

    def solve(self, problem: Problem) -> Network:
        """Train a network on a task in tensors, and return it with the weights that the selection rule picks."""
        rule = self._rule(problem.val)
        try:
            network = self._fit(problem, self.hyper(problem.kind))
        except SubmissionError as error:
            raise SubmissionError(f"{self.NAME}: {error}") from None
        self._fitted = network.eval(), problem.codec
        if network.checkpoints:
            place = best([checkpoint.score for checkpoint in network.checkpoints], rule)
            network.load_state_dict(network.checkpoints[place].weights)
        picked = rule if network.checkpoints else None
        self._report = {"curves": problem.journal.curves, "checks": problem.journal.checks, "selection": picked}
        return network

    def report(self) -> dict[str, Any]:
        """Return the record of training: `curves` and `checks` of `Journal`, and the `selection` rule or None."""
        self._model()
        return self._report

    def predict(self, batch: Batch) -> Float32:
        """Return logits float32 (n, K)."""
        network, codec = self._model()
        return logits(network, codec.inputs(batch)).numpy()

    def encode(self, batch: Batch) -> Float32:
        """Return features float32 (n, d)."""
        network, codec = self._model()
        return features(network, codec.inputs(batch)).numpy()

    def _model(self) -> tuple[Network, Codec]:
        if self._fitted is None:
            raise SubmissionError(f"{self.NAME} is not trained yet; call fit() first")
        return self._fitted

    def _rule(self, val: Data) -> str:
        """Return the selection rule, which may use only what the access tier shows."""
        rule, grouped = self.HYPERPARAMETERS.selection, val.group_ids is not None
        if rule in GROUPED and not grouped:
            raise SubmissionError(
                f"{self.NAME}: selection = {rule!r} needs groups on val, which ACCESS {self.ACCESS!r} withholds; "
                "choose last or val_accuracy"
            )
        return ("val_robust" if grouped else "val_accuracy") if rule == "tier" else rule
