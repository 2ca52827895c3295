"""One cell on private splits: a run on data that only the holder of the secret can make."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from spurgen.benchmark.result import Cell, Report
from spurgen.benchmark.suite import load_suite
from spurgen.harness.results.identity import job_identity, refuse_edits, submission_digest
from spurgen.harness.running.run import Trial, run_trial
from spurgen.harness.sandbox.limits import DEFAULT, Limits
from spurgen.harness.splits.private import private_scenario

UNTOLD = (
    "submission {spec}, task {task}: failed on the private splits; what it said is left out, since it may tell of them"
)


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
        """Is its `job_identity`, of the data that are committed to, computed once, by whoever plans the cell."""
        return self._identity_now()

    def _identity_now(self) -> str:
        task = load_suite(self.suite).task(self.task)
        digest = submission_digest(self.spec)
        return job_identity(task, digest, data=self.data_sha256, seed=self.seed, options=self.options)

    def run(self) -> Cell:
        """Trains, asks and scores on the private splits; of what could tell of single samples nothing is kept.

        Nor of what the submission says in its own words, its report and its errors: it has seen private labels.
        """
        task = load_suite(self.suite).task(self.task)
        private = private_scenario(task.scenario, self.secret)
        trial = Trial(
            replace(task, scenario=private), self.spec, self.seed, self.device, self.options, limits=self.limits
        )
        named = {"identity": self.identity, "data_sha256": self.data_sha256}
        cell = run_trial(trial, lambda *_: None, self.check_unchanged, **named)  # all was made once, before
        report = cell.report and Report(checks={"all that it promises": all(cell.report.checks.values())})
        error = cell.error and UNTOLD.format(spec=self.spec, task=self.task)
        kept: dict[str, Any] = {"verification": "private", "samples": {}, "report": report, "error": error}
        return cell.model_copy(update=kept)

    def check_unchanged(self) -> None:
        """Raises `SubmissionError` if the cell's sources are no longer those that it was planned with."""
        refuse_edits(f"submission {self.spec}, task {self.task}", self.identity, self._identity_now())
