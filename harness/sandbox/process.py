"""The scorer's side of a worker process: starts it, asks it, checks what it says, ends it."""

import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError, explain
from spurgen.benchmark.result import Report
from spurgen.harness.machine.pool import ONE_THREAD
from spurgen.harness.sandbox.about import About
from spurgen.harness.sandbox.launch import Started
from spurgen.harness.sandbox.limits import DEFAULT, Limits
from spurgen.harness.sandbox.output import Printed
from spurgen.harness.worker.messages import MAX_WIDTH, batch_to, data_to
from spurgen.harness.worker.protocol import BrokenFrameError, Pipe, PipeClosedError

MAX_HEADER = 1 << 17  # an error of 8,000 characters, of which JSON makes up to 12 bytes each
MAX_REPORT = 1 << 20
SMALL = 1 << 20  # bytes of an answer that are read even if it has the wrong shape, so that the error can name it
MAX_ERROR = 4000  # characters
MAX_CHECKPOINTS = 20
LARGEST = 1e30  # of an answer's numbers: sums of squares must not overflow
TOLERANCE = 1e-3  # how far probabilities may be from adding up to 1
Float = NDArray[np.floating[Any]]


class Worker:
    """Runs a submission in a process of its own; a context manager.

    `about` holds what the submission says of itself: name, access, modalities and what it offers; `isolation`
    how it is shut in.
    Raises `SubmissionError` that names the submission and the step, whatever goes wrong inside.
    """

    def __init__(
        self, spec: str, options: dict[str, Any], task: str | None = None, limits: Limits = DEFAULT, device: str = "cpu"
    ) -> None:  # fmt: skip
        self.spec, self.options, self.task, self.limits, self.device = spec, options, task, limits, device
        self._home = tempfile.TemporaryDirectory(prefix="spurgen-")
        try:
            self.started = Started(spec, self.limits, device, Path(self._home.name), ONE_THREAD)
        except BaseException:
            self._home.cleanup()
            raise
        self.isolation, self.scratch, process = self.started.isolation, self.started.scratch, self.started.process
        self._printed = Printed(self.started.printing, self.limits.printed_bytes, self.started.kill)
        assert process.stdin is not None
        assert process.stdout is not None
        self._pipe = Pipe(process.stdout.fileno(), process.stdin.fileno(), lambda: process.poll() is not None)
        self._step = ""
        self._last = time.monotonic() + self.limits.life_seconds
        self._widths: dict[str, int] = {}
        self.checkpoints = 0
        try:
            self._send("load", {"spec": spec, "options": options}, {}, self.limits.answer_seconds)
            self.about = self._told_of_itself(self._reply(self.limits.answer_seconds)[0])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process and all that it forked, unless, not shut in, they left its session; removes its scratch."""
        self.started.close()
        self._printed.close()
        self._home.cleanup()

    @property
    def peak_bytes(self) -> int:
        """Is the worker's peak resident memory so far, in bytes; 0 where the system does not tell."""
        return self.started.peak_bytes

    def fit(self, train: LabeledData, val: LabeledData, context: Context) -> Report | None:
        """Lets the submission train, and returns its report if it gives one; sets `checkpoints`."""
        fields = {**vars(context), "scratch": str(self.scratch)}
        halves = data_to(train, "train"), data_to(val, "val")
        header = {"context": fields, **halves[0][0], **halves[1][0]}
        self._send("fit", header, halves[0][1] | halves[1][1], self.limits.fit_seconds)
        told = self._reply(self.limits.fit_seconds, max_header=MAX_REPORT)[0]
        kept = told.get("checkpoints")
        if type(kept) is not int or not 0 <= kept <= MAX_CHECKPOINTS:
            raise self.failure(f"checkpoints() told of {kept!r} states, expected 0 to {MAX_CHECKPOINTS}; keep fewer")
        self.checkpoints = kept if "restore" in self.about["offers"] else 0
        try:
            report = None if told.get("report") is None else Report.model_validate(told["report"])
            if report is not None:
                report.model_dump_json()  # lone surrogates pass validation, and could not be written
            return report
        except PydanticSerializationError as error:
            raise self.failure(f"report() returned text that is none: {error}") from None
        except ValidationError as error:
            raise self.failure("report() returned no report: " + "; ".join(explain(error.errors()))) from None

    def restore(self, place: int) -> None:
        """Lets the submission go back to one of its checkpoints."""
        self._send("restore", {"place": place}, {}, self.limits.answer_seconds)
        self._reply(self.limits.answer_seconds)

    def send(self, what: str, batch: Batch) -> None:
        """Asks for `predict`, `predict_proba` or `encode` without waiting for the answer."""
        header, arrays = batch_to(batch, "batch")
        self._send("ask", {"what": what, **header}, arrays, self.limits.answer_seconds, step=what)

    def answer(self, count: int, width: int | None, where: str) -> Float:
        """Waits for the answer to `send` and checks it: finite reals (count, width), any width if None."""
        step = self._step
        _, arrays = self._reply(self.limits.answer_seconds, max_bytes=max(count * (width or MAX_WIDTH) * 8, SMALL))
        scores = arrays.get("answer", np.empty(0))
        expected = f"({count}, {'d' if width is None else width})"
        if scores.ndim != 2 or len(scores) != count or scores.shape[1] != (width or scores.shape[1]):
            raise self.failure(f"{step} returned shape {scores.shape} on {where}, expected {expected}")
        if not 0 < scores.shape[1] <= MAX_WIDTH or scores.dtype.kind != "f":
            told = f"{step} returned {scores.dtype} of shape {scores.shape} on {where}"
            raise self.failure(f"{told}, expected floats in 1 to {MAX_WIDTH} columns")
        if not np.isfinite(scores).all():
            row, column = np.argwhere(~np.isfinite(scores))[0]
            raise self.failure(
                f"{step} returned {scores[row, column]} on {where}, first in row {row}, column {column} of {count} rows"
            )
        if float(np.abs(scores).max(initial=0)) > LARGEST:
            raise self.failure(f"{step} returned {np.abs(scores).max():.3g} on {where}; stay within {LARGEST:g}")
        if self._widths.setdefault(step, scores.shape[1]) != scores.shape[1]:
            told = f"{step} returned {scores.shape[1]} columns on {where}, and {self._widths[step]} before"
            raise self.failure(f"{told}; return as many for every batch")
        if step == "encode":  # in which no more than 7 digits can hide
            return scores.astype(np.float32)
        if step == "predict_proba":
            sums = scores.sum(axis=1, dtype=np.float64)
            wrong = np.flatnonzero((scores.min(axis=1) < 0) | (np.abs(sums - 1) > TOLERANCE))
            if len(wrong):
                row = wrong[0]
                raise self.failure(
                    f"predict_proba returned no probabilities on {where}: row {row} is {scores[row].tolist()} and adds "
                    f"up to {sums[row]:.4g}; return non-negative rows that add up to 1, or define predict"
                )
        return scores

    def _told_of_itself(self, header: dict[str, Any]) -> dict[str, Any]:
        """Checks what the worker says of the submission: it is a stranger's process."""
        header.pop("ok")
        try:
            return About.model_validate(header).model_dump()
        except ValidationError as error:
            raise self.failure("load told nonsense: " + "; ".join(explain(error.errors()))) from None

    def _send(
        self, op: str, header: dict[str, Any], arrays: dict[str, Any], seconds: float, step: str | None = None
    ) -> None:
        self._step = step or op
        try:
            self._pipe.send({"op": op, **header}, arrays, self._left(seconds))
        except BrokenFrameError as error:
            raise self._gone(error) from None

    def _reply(
        self, seconds: float, max_bytes: int = 0, max_header: int = MAX_HEADER
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        try:
            header, arrays = self._pipe.receive(self._left(seconds), max_header, max_bytes)
        except BrokenFrameError as error:
            raise self._gone(error) from None
        if header.get("ok") is not True:
            told, trace = str(header.get("error")), str(header.get("traceback", ""))
            raise self.failure(f"{self._step} failed: {told[:MAX_ERROR]}", trace[-2 * MAX_ERROR :])
        return header, arrays

    def _left(self, seconds: float) -> float:
        """Cuts the time for an answer to what is left of the worker's life."""
        return max(min(seconds, self._last - time.monotonic()), 0.0)

    def _gone(self, error: BrokenFrameError) -> SubmissionError:
        """Explains a worker that stopped answering, or answers what cannot be read."""
        try:  # a process that closed its pipe is about to end, as a rule
            code = self.started.process.wait(timeout=1 if isinstance(error, PipeClosedError) else 0)
            ending = self._ended(code)
        except subprocess.TimeoutExpired:
            old = time.monotonic() >= self._last
            ending = f"its time, {self.limits.life_seconds:g} s for all that it does, is over" if old else str(error)
        return self.failure(f"{self._step} did not answer: {ending}")

    def _ended(self, code: int) -> str:
        """Puts an exit code into words; bubblewrap hands a signal on as 128 and its number."""
        if self._printed.too_much:
            return f"it printed more than {self.limits.printed_bytes} bytes, and was ended; print less"
        number = code - 128 if self.isolation == "bubblewrap" and code > 128 else -code
        if number == signal.SIGXCPU:
            return f"it used more than {self.limits.cpu_seconds} s of CPU time, and was ended"
        return f"signal {number} ended its process" if number > 0 else f"its process ended with exit code {code}"

    def failure(self, what: str, details: str = "") -> SubmissionError:
        """Makes an error whose notes are its details and the end of what the submission printed."""
        where = f", task {self.task}" if self.task else ""
        error = SubmissionError(_writable(f"submission {self.spec}{where}: {what[:MAX_ERROR]}"))
        printed = self._printed.last()
        for note in (_writable(details.strip()), printed and f"it printed, last: {printed}"):
            if note:
                error.add_note(note)
        return error


def _writable(text: str) -> str:
    """Replaces what no file in UTF-8 can hold, and what would move a terminal's cursor or change its colours."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text.encode(errors="replace").decode())


def describe(spec: str, options: dict[str, Any], limits: Limits = DEFAULT, device: str = "cpu") -> dict[str, Any]:
    """Asks a submission, in a process of its own, what it says of itself; see `Worker.about`."""
    with Worker(spec, options, limits=limits, device=device) as worker:
        return worker.about
