"""A job: a submission, a task, a training seed, and everything else that its result depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.result import Result
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.benchmark.task import Task
from spurgen.generators import Samples
from spurgen.harness.results.identity import job_identity, submission_digest
from spurgen.harness.results.store import label_of
from spurgen.harness.sandbox.limits import DEFAULT, Limits
from spurgen.harness.splits.frozen import check_samples


class Seeds(tuple[int, ...]):
    """Training seeds in ascending order; as text, what `--seeds` takes."""

    def __str__(self) -> str:
        """Return a range if no seed is left out, else a list."""
        first, last = self[0], self[-1]
        in_a_row = len(self) > 1 and len(self) == last - first + 1
        return f"{first}-{last}" if in_a_row else ",".join(map(str, self))


@dataclass(frozen=True)
class Job:
    """What to run; small and picklable, so that any executor can carry it.

    `spec` names the submission. `data_sha256` is the digest of the frozen data, or of the scenario. `frozen`
    names the suite whose manifest the data are checked against, or is None for data that are not frozen. With
    `uncorrelated` the submission trains on the same world without its correlations: the reference that shows whether
    the task can be learned. `matched` is such a job on a rung, with only as many train samples as the rung has
    counterexamples: it shows what these alone can teach; `draw` counts the disjoint draws of them.
    """

    task: Task
    spec: str
    seed: int
    data_sha256: str
    device: str = "cpu"
    options: Mapping[str, Any] = field(default_factory=dict)
    frozen: str | None = None
    uncorrelated: bool = False
    matched: bool = False
    draw: int = 0
    limits: Limits = DEFAULT
    row: str = ""
    """Label of the row that the result belongs to, or "" to derive it from the submission and its options."""
    encoder: str = ""
    """Encoder of a rung's samples in place of the suite's, as for `encoder_of`; such results are not stored."""
    submission_sha256: str = ""
    """Digest of the submission, computed when the job is planned."""

    def __post_init__(self) -> None:
        if not self.submission_sha256:
            object.__setattr__(self, "submission_sha256", submission_digest(self.spec))

    @property
    def identity(self) -> str:
        """Digest of everything that the job's metrics depend on."""
        return job_identity(
            self.task, self.submission_sha256,
            data=self.data_sha256, seed=self.seed, options=self.options, uncorrelated=self.uncorrelated,
            matched=self.matched, draw=self.draw,
        )  # fmt: skip

    @property
    def label(self) -> str:
        """Label of the row that the result belongs to."""
        return self.row or label_of(self.spec, self.options)

    def accepts(self, result: Result) -> bool:
        """Return whether a result is what this job would produce with the result's seed, isolated as required."""
        isolated = self.limits.isolation != "bubblewrap" or result.isolation == "bubblewrap"
        return isolated and result.identity == replace(self, seed=result.seed).identity

    def check_unchanged(self) -> None:
        """Raise `SubmissionError` if the submission was edited after the job was planned."""
        current = submission_digest(self.spec)
        if current != self.submission_sha256:
            raise SubmissionError(
                f"submission {self.spec}, task {self.task.name}: its source was edited after this job was planned "
                f"({self.submission_sha256[:16]} then, {current[:16]} now); run the same command again"
            )

    def check_data(self, part: str, start: int, samples: Samples) -> None:
        """Raise `FrozenDataError` if samples that begin a shard of a part differ from the frozen ones."""
        if self._suite is not None:
            check_samples(self._suite, self.task.scenario.name, part, start, samples)

    @cached_property
    def _suite(self) -> Suite | None:
        """The suite of the frozen data: a job reads its manifest once, not for every shard."""
        return None if self.frozen is None else load_suite(self.frozen)
