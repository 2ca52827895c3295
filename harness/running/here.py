"""A submission that trains and answers in this process; others get a process of their own.

Baselines on rungs run here: their code is ours, and fitting frozen features takes less time than starting a process. A
user's own functions run here when their author measures them.
"""

from collections.abc import Callable, Hashable, Sequence
from contextlib import ExitStack
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch, Context, LabeledData, Submission
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import is_trusted
from spurgen.benchmark.result import Report
from spurgen.harness.machine.files import scratch_folder
from spurgen.harness.running.job import Job
from spurgen.harness.sandbox.answers import About, fault
from spurgen.harness.worker.loading import described, load_submission

Floats = NDArray[np.float64]


def runs_here(job: Job) -> bool:
    """Return whether a job's submission runs in the scorer's process."""
    return is_trusted(job.spec) and bool(job.task.scenario.rungs)


class Here(ExitStack):
    """A submission behind the interface of a `RecheckedWorker`; nothing is recomputed."""

    consistency = None
    peak_bytes = None

    def __init__(self, job: Job, submission: Submission | None = None) -> None:
        """`submission`: what to run instead of the submission that the job names."""
        super().__init__()
        self.spec = job.spec
        self.submission = submission or load_submission(job.spec, dict(job.options))
        self.about = About(**described(self.submission))
        self.on_line: Callable[[str], None] = lambda _: None
        self._step, self._answer = "", np.empty((0, 0))

    def __enter__(self) -> Self:
        """Make the folder that the baseline may write to."""
        self.scratch = super().enter_context(scratch_folder())
        return self

    def fit(self, train: LabeledData, val: LabeledData, context: Context) -> Report | None:
        """Train; return what the baseline reports."""
        assert self.submission.fit is not None
        self.submission.fit(train, val, context)
        return Report.model_validate(self.submission.report()) if self.submission.report else None

    def send(self, what: str, batch: Batch, families: Sequence[Hashable] | None = None) -> None:
        """Compute `predict`, `predict_proba` or `encode`."""
        del families
        self._step = what
        answer = getattr(self.submission, what)(batch)
        try:
            self._answer = np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer, np.float64)
        except (TypeError, ValueError) as error:
            raise self.failure(f"{what} returned no array of numbers: {error}") from None

    def answer(self, count: int, width: int | None, where: str) -> Floats:
        """Return what `send` computed; raise `SubmissionError` for what `Worker.answer` refuses."""
        if problem := fault(self._step, self._answer, count, width, where):
            raise self.failure(problem)
        return self._answer

    def finish(self, temperature: float, as_logits: object = None) -> None:
        """Do nothing: no prediction is recomputed, and there is no process to end."""

    def failure(self, what: str) -> SubmissionError:
        """Return an error that names the submission."""
        return SubmissionError(f"submission {self.spec}: {what}")
