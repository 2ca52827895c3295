"""One cell of a suite, (task, submission, seed): a run on frozen data, named by all that its figures depend on."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.record import Cell
from spurgen.benchmark.suite import load_suite
from spurgen.harness.frozen import check_description, check_samples
from spurgen.harness.identity import backbone_digest, generator_digest, scoring_digest, submission_digest
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
        """Is the SHA-256 of all that the cell's figures depend on.

        It is computed once, by whoever plans the cell, and travels with it.
        """
        return self._identity_now()

    def _identity_now(self) -> str:
        return hashlib.sha256(f"{self.training_identity}\n{scoring_digest()}".encode()).hexdigest()

    @property
    def training_identity(self) -> str:
        """Is the SHA-256 of all that the trained submission depends on.

        The generators' code is part of it, since the manifest does not hold all that a submission may be
        given: the uncorrelated reference, and the twins of train and val.
        """
        suite = load_suite(self.suite)
        task = suite.task(self.task)
        parts = {
            "suite": suite.name, "task": self.task, "modality": task.modality, "backbone": task.backbone,
            "weights": backbone_digest(task.backbone), "seed": self.seed, "uncorrelated": self.uncorrelated,
            "options": self.options, "submission": submission_digest(self.spec), "generators": generator_digest(),
            "data": check_description(suite, task.scenario.name).digest,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def run(self) -> Cell:
        """Runs on the frozen data; raises `FrozenDataError` if they are not: then no result is worth anything.

        The cell fails if its sources changed since it was planned: its name would then not say what ran.
        """
        suite = load_suite(self.suite)
        task = suite.task(self.task)
        name = task.scenario.name
        trial = Trial(task, self.spec, self.seed, self.device, self.options, self.uncorrelated)
        return run_trial(
            trial,
            lambda part, start, samples: check_samples(suite, name, part, start, samples),
            self._check_unchanged,
            identity=self.identity,
            data_sha256=check_description(suite, name).digest,
        )

    def _check_unchanged(self) -> None:
        now = self._identity_now()
        if now != self.identity:
            raise SubmissionError(
                f"submission {self.spec}, task {self.task}: its source, or what scores it, was edited after this run "
                f"was planned (identity {self.identity[:16]} then, {now[:16]} now); run the same command again"
            )
