"""One cell of a suite, (task, submission, seed): a run on frozen data, named by all that its figures depend on."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from spurgen.benchmark.record import Cell
from spurgen.benchmark.suite import load_suite
from spurgen.generators import Samples
from spurgen.harness.answers import Check
from spurgen.harness.identity.digests import (
    backbone_digest,
    generator_digest,
    refuse_edits,
    scoring_digest,
    submission_digest,
)
from spurgen.harness.splits.frozen import check_description, check_samples
from spurgen.harness.trial import Trial, run_trial


@dataclass(frozen=True)
class CellSpec:
    """Names a cell; small and picklable, so that any executor can carry it."""

    suite: str
    task: str
    spec: str
    seed: int
    device: str = "cpu"
    options: dict[str, Any] = field(default_factory=dict)
    uncorrelated: bool = False

    @cached_property
    def identity(self) -> str:
        """Is the SHA-256 of all that the cell's figures depend on, but for the device and the libraries' versions.

        Those two can move the last digits, and are kept with the cell. It is computed once, by whoever plans the
        cell, and travels with it.
        """
        return self._identity_now()

    def _identity_now(self) -> str:
        # The generators' code is part of it, since the manifest does not hold all that a submission may be given:
        # the uncorrelated reference, and the twins of train and val.
        suite = load_suite(self.suite)
        task = suite.task(self.task)
        parts = {
            "suite": suite.name, "task": self.task, "modality": task.modality, "backbone": task.backbone,
            "weights": backbone_digest(task.backbone), "seed": self.seed, "uncorrelated": self.uncorrelated,
            "options": self.options, "submission": submission_digest(self.spec), "generators": generator_digest(),
            "data": check_description(suite, task.scenario.name).digest, "scoring": scoring_digest(),
        }  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def prepare(self) -> tuple[Trial, Check]:
        """Returns the run, and what holds its data to the manifest."""
        suite = load_suite(self.suite)
        task = suite.task(self.task)

        def check(part: str, start: int, samples: Samples) -> None:
            check_samples(suite, task.scenario.name, part, start, samples)

        return Trial(task, self.spec, self.seed, self.device, self.options, self.uncorrelated), check

    def run(self) -> Cell:
        """Runs on the frozen data; raises `FrozenDataError` if they are not: then no result is worth anything.

        The cell fails if its sources changed since it was planned: its name would then not say what ran.
        """
        trial, check = self.prepare()
        frozen = check_description(load_suite(self.suite), trial.task.scenario.name)
        return run_trial(trial, check, self.check_unchanged, identity=self.identity, data_sha256=frozen.digest)

    def check_unchanged(self) -> None:
        """Raises `SubmissionError` if the cell's sources are no longer those that it was planned with."""
        refuse_edits(f"submission {self.spec}, task {self.task}", self.identity, self._identity_now())
