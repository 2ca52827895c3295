"""A tiny world: squares whose colour is the class, captions that name it, and one channel in a corner."""

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from spurgen.baselines.training.loop import train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem, Step
from spurgen.baselines.training.samplers import Sampler, shuffled
from spurgen.benchmark.contract import Batch, Context, LabeledData

NOUNS = ("red dog", "green cat", "blue bird")
NUM_GROUPS = 2 * len(NOUNS) + 1  # the last group is always empty


@pytest.fixture(autouse=True)
def _one_thread(one_thread):
    """Compute with one thread in all of these tests."""


@pytest.fixture(scope="session")
def make_data() -> Callable[..., LabeledData]:
    def make(n: int = 96, seed: int = 0, size: int = 32, modality: str = "multimodal") -> LabeledData:
        rng = np.random.default_rng(seed)
        labels = np.arange(n, dtype=np.int64) % len(NOUNS)
        corner = np.where(np.arange(n) % 8 < 7, labels, (labels + 1) % len(NOUNS))
        images = rng.integers(0, 60, (n, size, size, 3), dtype=np.uint8)
        for image, label, shown in zip(images, labels, corner, strict=True):
            image[8:24, 8:24, label] += 120
            image[:6, :6, shown] += 190
        captions = [f"At {h}:05, a {NOUNS[y]}." for y, h in zip(labels, rng.integers(10, 20, n), strict=True)]
        whole = Batch(images if modality != "text" else None, captions if modality != "image" else None)
        return LabeledData(
            batch=whole,
            labels=labels,
            num_groups=NUM_GROUPS,
            env_ids=np.arange(n, dtype=np.int64) // 7 % 2,
            group_ids=2 * labels + (corner != labels),
            channel_values={"corner": corner},
            twins=whole,
        )

    return make


@pytest.fixture
def make_context(tmp_path: Path) -> Callable[..., Context]:
    def make(modality: str = "image", seed: int = 0, size: int = 32) -> Context:
        return Context(NOUNS, modality, size, "cpu", seed, tmp_path)  # type: ignore[arg-type]

    return make


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> Callable[..., SimpleNamespace]:
    """Return a function that runs a method's `fit` without training and returns the arguments of its call of `train`.

    The parameters of `train`, defaults included, are attributes; `fitted` is what `fit` returned, and `step(indices)` a
    step on train. `module` is where `train` is called, if not in the method's own. Of several stages the last is
    returned.
    """

    def capture(method: ModuleType, problem: Problem, module: ModuleType | None = None, **options) -> SimpleNamespace:
        seen = SimpleNamespace()

        def remember(*arguments, **named):
            vars(seen).update(bound(*arguments, **named))
            return seen.network

        with monkeypatch.context() as patched:
            patched.setattr(module or method, "train", remember)
            seen.fitted = method.fit(problem, dataclasses.replace(method.submission.HYPERPARAMETERS, **options))
        seen.step = lambda indices: Step(seen.network, problem.train, torch.as_tensor(indices), 0.0)
        return seen

    return capture


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType], list[SimpleNamespace]]:
    """Return a function that records the later calls of `train` in a module, in a list that grows as they happen.

    An entry has the parameters of `train` as attributes, and in `before` and `objective_before` the weights of the
    network and of the objective before the stage.
    """

    def record(module: ModuleType) -> list[SimpleNamespace]:
        seen = []

        def recorded(*arguments, **named):
            stage = SimpleNamespace(**bound(*arguments, **named))
            stage.before, stage.objective_before = map(weights_of, (stage.network, stage.objective))
            seen.append(stage)
            return train(*arguments, **named)

        monkeypatch.setattr(module, "train", recorded)
        return seen

    return record


def weights_of(part) -> dict[str, torch.Tensor]:
    """Return a copy of the weights of a module, nothing for another function."""
    state = part.state_dict() if isinstance(part, torch.nn.Module) else {}
    return {name: weights.detach().clone() for name, weights in state.items()}


def bound(*arguments, **named):
    """Return the parameters of `train` by name, defaults included, and the sampler that it uses by default."""
    parameters = inspect.signature(train).bind(*arguments, **named)
    parameters.apply_defaults()
    given = parameters.arguments
    everything = torch.arange(len(given["problem"].train))
    return given | {"sampler": given["sampler"] or shuffled(everything, given["recipe"].batch_size)}


@pytest.fixture(scope="session")
def shares() -> Callable[..., torch.Tensor]:
    """Return a function that draws epochs from a sampler and returns the share of each id, float32 (size,)."""

    def measure(sampler: Sampler, ids: torch.Tensor, size: int, epochs: int) -> torch.Tensor:
        drawn = torch.cat([sampler(torch.Generator().manual_seed(i)).flatten() for i in range(epochs)])
        return torch.bincount(ids[drawn], minlength=size) / len(drawn)

    return measure


@pytest.fixture
def make_problem(make_data, make_context) -> Callable[..., Problem]:
    """Return a function that makes a problem of captions whose val is its train; `changes` are fields of the data."""

    def make(n: int = 96, seed: int = 0, **changes) -> Problem:
        data = dataclasses.replace(make_data(n=n, modality="text"), **changes)
        return Problem.of(data, data, make_context("text", seed))

    return make


@pytest.fixture(scope="session")
def fitted() -> Callable[..., Baseline]:
    """Return a function that trains a method, with options, on the data that its access tier shows; val is train."""

    def fit(method: Baseline, data: LabeledData, context: Context, **options) -> Baseline:
        trained = method.with_options(**{"batch_size": 16, **options})
        trained.fit(data.restrict(method.ACCESS, "train"), data.restrict(method.ACCESS, "val"), context)
        return trained

    return fit


@pytest.fixture
def make_images(make_data, make_context) -> Callable[..., Problem]:
    """Return a function that makes a problem of images under `val_groups`; `val` and `train` are numbers of samples."""

    def make(val: int, train: int = 96) -> Problem:
        shown = make_data(n=train, modality="image").restrict("val_groups", "train")
        return Problem.of(shown, make_data(n=val, seed=1, modality="image"), make_context())

    return make
