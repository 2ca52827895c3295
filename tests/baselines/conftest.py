"""A tiny world: squares whose colour is the class, captions that say it, one channel in a corner."""

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from spurgen.baselines.training.loop import train
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.contract import Batch, Context, LabeledData

NOUNS = ("red dog", "green cat", "blue bird")
NUM_GROUPS = 2 * len(NOUNS) + 1  # the last group is always empty


@pytest.fixture(autouse=True)
def _one_thread(one_thread):
    """Has every test here compute with one thread."""


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
    """Returns a function that runs a method's `fit` and returns what it hands to the training loop, which is not run.

    The parameters of `train`, defaults included, are attributes; `fitted` is what `fit` returned. `module`
    is where `train` is called, if not in the method's own. Of several stages the last is returned.
    """

    def capture(method: ModuleType, problem: Problem, module: ModuleType | None = None, **options) -> SimpleNamespace:
        seen = SimpleNamespace()

        def keep(*arguments, **named):
            bound = inspect.signature(train).bind(*arguments, **named)
            bound.apply_defaults()
            vars(seen).update(bound.arguments)

        with monkeypatch.context() as patched:
            patched.setattr(module or method, "train", keep)
            seen.fitted = method.fit(problem, dataclasses.replace(method.Hyperparameters(), **options))
        return seen

    return capture


@pytest.fixture
def make_problem(make_data, make_context) -> Callable[..., Problem]:
    """Returns a function that makes a problem of captions, its train and val the same; `changes` are of its data."""

    def make(n: int = 96, seed: int = 0, **changes) -> Problem:
        data = dataclasses.replace(make_data(n=n, modality="text"), **changes)
        return Problem.of(data, data, make_context("text", seed))

    return make


@pytest.fixture(scope="session")
def fitted() -> Callable[..., Baseline]:
    """Returns a function that trains a method, with options, on what its access shows of data; val is the same."""

    def fit(method: Baseline, data: LabeledData, context: Context, **options) -> Baseline:
        trained = method.with_options(**{"batch_size": 16, **options})
        trained.fit(data.restrict(method.ACCESS, "train"), data.restrict(method.ACCESS, "val"), context)
        return trained

    return fit


@pytest.fixture
def make_pictures(make_data, make_context) -> Callable[..., Problem]:
    """Returns a function that makes a problem of so many pictures on train and val, as `val_groups` sees it."""

    def make(val: int, train: int = 96) -> Problem:
        shown = make_data(n=train, modality="image").restrict("val_groups", "train")
        return Problem.of(shown, make_data(n=val, seed=1, modality="image"), make_context())

    return make
