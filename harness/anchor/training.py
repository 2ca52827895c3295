"""One training of the anchor: a baseline, unmodified, on the features of a world."""

import hashlib
import json
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch

from spurgen.baselines.training.data import Inputs
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.inference import logits, validate
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.problem import Problem
from spurgen.baselines.training.version import TRAINING_VERSION, method_version
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
    begun, submission = time.perf_counter(), baseline(job.method)
    world = world_of(data, job.world, design, correlated=job.correlated)
    correct, score, failed, error = None, (), [], None
    try:
        options = stretched(submission.HYPERPARAMETERS, job.options, stretch_of(len(world.train.rows)))
        fitted = submission.with_options(**options)
        inputs = [_scaled(data, part, world) for part in (world.train, world.val, world.test)]
        train, val = (
            labeled(data, part).restrict(submission.ACCESS, name)
            for part, name in ((world.train, "train"), (world.val, "val"))
        )
        problem = Problem.of_vectors(
            train, val, (inputs[0], inputs[1]), num_classes=len(data.class_names), seed=job.seed
        )
        network = fitted.solve(problem)
        failed = [name for name, passed in problem.journal.checks.items() if not passed]
        if not failed:
            on_val = validate(network, problem.val)
            score = (on_val.accuracy,) if on_val.robust is None else (on_val.robust, on_val.mean or 0.0)
        if job.world != TUNING:
            predicted = logits(network, Inputs(None, None, torch.from_numpy(inputs[2]))).argmax(1).numpy()
            hits = predicted == data.labels[world.test.rows]
            sizes = 2 * len(data.class_names)
            correct = tuple(np.bincount(world.test.groups, hits, minlength=sizes).astype(int).tolist())
    except SubmissionError as failure:
        error = str(failure)
    return AnchorResult(
        method=job.method, access=submission.ACCESS, world=job.world, correlated=job.correlated, options=job.options,
        identity=identity, score=tuple(round(part, 6) for part in score), correct=correct,
        failed_checks=tuple(failed), error=error, seconds=round(time.perf_counter() - begun, 2),
    )  # fmt: skip


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
