"""One cell of a suite, (task, submission, seed): a run on frozen data, named by all that its figures depend on."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from spurgen.benchmark.result import Cell
from spurgen.benchmark.suite import load_suite
from spurgen.generators import Samples
from spurgen.harness.results.identity import job_identity, refuse_edits, submission_digest
from spurgen.harness.running.query import Check
from spurgen.harness.running.run import Trial, run_trial
from spurgen.harness.sandbox.limits import DEFAULT, Limits
from spurgen.harness.splits.frozen import check_description, check_samples


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
    limits: Limits = DEFAULT

    @cached_property
    def identity(self) -> str:
        """Is its `job_identity`, computed once, by whoever plans the cell; it travels with it."""
        return self._identity_now()

    def _identity_now(self) -> str:
        suite = load_suite(self.suite)
        task = suite.task(self.task)
        frozen = check_description(suite, task.scenario.name)
        return job_identity(
            task, submission_digest(self.spec),
            data=frozen.digest, seed=self.seed, options=self.options, uncorrelated=self.uncorrelated,
        )  # fmt: skip

    def prepare(self) -> tuple[Trial, Check]:
        """Returns the run, and what holds its data to the manifest."""
        suite = load_suite(self.suite)
        task = suite.task(self.task)

        def check(part: str, start: int, samples: Samples) -> None:
            check_samples(suite, task.scenario.name, part, start, samples)

        return Trial(task, self.spec, self.seed, self.device, self.options, self.uncorrelated, self.limits), check

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
