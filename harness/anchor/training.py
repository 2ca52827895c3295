"""One training of the anchor: a baseline, unmodified, on the features of a world."""

import hashlib
import json
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch

from spurgen.baselines.training.backbones import Network
from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.inference import logits, validate
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.version import TRAINING_VERSION, method_version
from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.specs import BASELINES
from spurgen.harness.anchor.dataset import Attributed, Float32
from spurgen.harness.anchor.record import AnchorResult, Options
from spurgen.harness.anchor.worlds import TUNING, Design, Part, World, labeled, world_of

ANCHOR_VERSION = 1
"""Raised when the same baselines get other data, or are scored otherwise."""
STRETCHED = ("epochs", "first_epochs", "head_epochs")
SAMPLES = 4_000  # in a train split of fewer, six epochs are too few steps
MOST = 10


@dataclass(frozen=True)
class AnchorJob:
    """What to train: a method with drawn options on a world; `TUNING`, or the number of one for the figures."""

    method: str
    options: Options
    world: str
    correlated: bool = True

    @property
    def seed(self) -> int:
        """Training seed; tuning has one that no world has."""
        return 10_000 if self.world == TUNING else int(self.world)


def baseline(method: str) -> Baseline[Any]:
    """Return a baseline by name."""
    submission: Baseline[Any] = import_module(f"{BASELINES}.{method}").submission
    return submission


def stretch_of(count: int) -> int:
    """Return the factor of all numbers of epochs for `count` train samples: small data get as many steps as others."""
    return int(np.clip(round(SAMPLES / count), 1, MOST))


def stretched(hyper: Recipe, options: Options, stretch: int) -> Options:
    """Return the options with every number of epochs multiplied."""
    epochs = {name: options.get(name, getattr(hyper, name)) for name in STRETCHED if hasattr(hyper, name)}
    return options | {name: int(count) * stretch for name, count in epochs.items()}


def identity_of(job: AnchorJob, data_sha256: str, design: Design) -> str:
    """Return the digest of everything that a result depends on, except the machine."""
    parts = [
        ANCHOR_VERSION, TRAINING_VERSION, job.method, method_version(job.method), job.options, job.world,
        job.correlated, data_sha256, repr(design),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def train_and_score(data: Attributed, job: AnchorJob, design: Design, identity: str) -> AnchorResult:
    """Train a job's method and score it on val, and on test unless hyper-parameters are tuned."""
    begun = time.perf_counter()
    world = world_of(data, job.world, design, correlated=job.correlated)
    score: tuple[float, ...] = ()
    correct, failed, error = None, [], None
    try:
        network, problem = _trained(data, job, world)
        failed = [name for name, passed in problem.journal.checks.items() if not passed]
        score = () if failed else _score(validate(network, problem.val))
        correct = None if job.world == TUNING else _correct(network, data, world)
    except SubmissionError as failure:
        error = str(failure)
    return AnchorResult(
        method=job.method, access=baseline(job.method).ACCESS, world=job.world, correlated=job.correlated,
        options=job.options, identity=identity, score=score, correct=correct, failed_checks=tuple(failed), error=error,
        seconds=round(time.perf_counter() - begun, 2),
    )  # fmt: skip


def _trained(data: Attributed, job: AnchorJob, world: World) -> tuple[Network, Problem]:
    """Train a job's method; raise `SubmissionError` as the method does."""
    submission = baseline(job.method)
    options = stretched(submission.HYPERPARAMETERS, job.options, stretch_of(len(world.train.rows)))
    train, val = labeled(data, world.train), labeled(data, world.val)
    problem = Problem.of_vectors(
        train.restrict(submission.ACCESS, "train"),
        val.restrict(submission.ACCESS, "val"),
        (_scaled(data, world.train, world), _scaled(data, world.val, world)),
        num_classes=len(data.class_names),
        seed=job.seed,
    )
    return submission.with_options(**options).solve(problem), problem


def _score(on_val: ValScore) -> tuple[float, ...]:
    """Return what selects settings: the worst pattern, then the mean over groups, or accuracy where groups hide."""
    if on_val.robust is None or on_val.mean is None:
        return (round(on_val.accuracy, 6),)
    return round(on_val.robust, 6), round(on_val.mean, 6)


def _correct(network: Network, data: Attributed, world: World) -> tuple[int, ...]:
    """Return the number of correct test predictions by group."""
    inputs = Inputs(None, None, torch.from_numpy(_scaled(data, world.test, world)))
    hits = logits(network, inputs).argmax(1).numpy() == data.labels[world.test.rows]
    counts = np.bincount(world.test.groups, hits, minlength=2 * len(data.class_names))
    return tuple(counts.astype(int).tolist())


def _scaled(data: Attributed, part: Part, world: World) -> Float32:
    """Return a split's features less their means on train, divided by their common scale there."""
    known = data.features[world.train.rows]
    mean = known.mean(axis=0)
    scale = np.sqrt(np.mean((known - mean) ** 2))
    scaled: Float32 = ((data.features[part.rows] - mean) / max(scale, 1e-6)).astype(np.float32)
    return scaled


def cannot_run(access: str, environments: bool) -> str | None:
    """Return why no method of an access tier can run on real data, None if one can."""
    grant = ACCESS[access]
    if grant.twins:
        return "needs counterfactual twins, which real data do not have"
    if access == "envs" and not environments:
        return "needs environments, which these data do not have"
    return None
