"""One cell on private splits: a run on data that only the holder of the secret can make."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.record import Cell
from spurgen.benchmark.suite import load_suite
from spurgen.generators import aligned_values
from spurgen.harness.identity.digests import run_identity, submission_digest
from spurgen.harness.splits.private import private_scenario
from spurgen.harness.trial import Trial, run_trial
from spurgen.harness.worker.limits import DEFAULT, Limits


@dataclass(frozen=True)
class PrivateCellSpec:
    """Names a private cell; small and picklable. The secret goes to the scorer's processes, and into nothing else."""

    suite: str
    task: str
    spec: str
    seed: int
    secret: str = field(repr=False)
    data_sha256: str
    device: str = "cpu"
    options: dict[str, Any] = field(default_factory=dict)
    limits: Limits = DEFAULT

    @cached_property
    def identity(self) -> str:
        """Is its `run_identity`, of the data that are committed to."""
        task = load_suite(self.suite).task(self.task)
        digest = submission_digest(self.spec)
        return run_identity(task, digest, data=self.data_sha256, seed=self.seed, options=self.options)

    def run(self) -> Cell:
        """Trains, asks and scores on the private splits; what is kept per sample stays private as well.

        Raises `FrozenDataError` if the worlds lost what they share with the public ones.
        """
        task = load_suite(self.suite).task(self.task)
        private = private_scenario(task.scenario, self.secret)
        trial = Trial(
            replace(task, scenario=private), self.spec, self.seed, self.device, self.options, limits=self.limits
        )
        cell = run_trial(trial, lambda *_: None, identity=self.identity, data_sha256=self.data_sha256)
        for name in private.channels:  # as `private_scenario` left them
            if not np.array_equal(aligned_values(private, name), aligned_values(task.scenario, name)):
                raise FrozenDataError(f"task {self.task}: the private world lost its alignment of {name}; run it again")
        return cell.model_copy(update={"verification": "private", "samples": {}})
