"""The scorer's side of a worker process: start it, query it, check its answers, end it."""

import os
import re
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError, checked, explain, harmless, shortened
from spurgen.benchmark.result import Report
from spurgen.harness.machine.files import scratch_folder
from spurgen.harness.machine.pool import ONE_THREAD
from spurgen.harness.sandbox import launch
from spurgen.harness.sandbox.answers import SMALLEST, About, fault
from spurgen.harness.sandbox.launch import WorkerProcess
from spurgen.harness.sandbox.limits import DEFAULT, Limits
from spurgen.harness.worker.protocol import (
    MAX_WIDTH,
    BrokenFrameError,
    LateError,
    Pipe,
    PipeClosedError,
    batch_to,
    data_to,
)

MAX_HEADER = 1 << 17  # bytes; an error has 8,000 characters, up to 12 bytes each in JSON
MAX_REPORT = 1 << 16  # bytes; those of our methods have up to 1,400
SMALL = 1 << 20  # bytes; an answer up to this size is read despite a wrong shape, so that the error can name it
MAX_ERROR = 4000  # characters
WATCH_SECONDS = 0.2  # between looks at threads and files
SHOWN = 2000  # bytes at the end of the output, shown if a submission fails
CHUNK, PIPE = 1 << 16, 1 << 20  # bytes
Float = NDArray[np.floating[Any]]


class OutputReader:
    """Reads a submission's output in a thread as it comes, so that it neither blocks nor fills a disk; keeps the end.

    It reads a file descriptor until its end or `close`, and calls `on_flood` once, after `limit` bytes.
    """

    def __init__(self, reading: int, limit: int, on_flood: Callable[[], None]) -> None:
        self._reading, self._limit, self._on_flood = reading, limit, on_flood
        self._end = b""
        self._count = 0
        self._closed = False
        self._lock = threading.Lock()
        os.set_blocking(reading, False)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._closed:
            if select.select([self._reading], [], [], WATCH_SECONDS)[0] and not self._drain():
                return

    def _drain(self) -> bool:
        """Read the available output, at most as much as a pipe holds; return whether more may come."""
        with self._lock:
            for _ in range(PIPE // CHUNK):
                try:
                    chunk = os.read(self._reading, CHUNK)
                except BlockingIOError:
                    return True
                if not chunk:
                    return False
                self._end = (self._end + chunk)[-SHOWN:]
                before, self._count = self._count, self._count + len(chunk)
                if before <= self._limit < self._count:
                    self._on_flood()
        return True

    @property
    def flooded(self) -> bool:
        """Whether more than the limit was printed."""
        return self._count > self._limit

    def last(self) -> str:
        """Return the end of what was printed so far."""
        if not self._closed:
            self._drain()
        return self._end.decode(errors="replace").strip()

    def last_line(self) -> str:
        """Return the last line that was printed so far, without control characters."""
        lines = [line.strip() for line in re.split(r"[\r\n]", self.last())]
        return harmless(next((line for line in reversed(lines) if line), ""))

    def close(self) -> None:
        """Read the rest, end the thread, even if a process could still print, and close the descriptor; once."""
        if self._closed:
            return
        self._drain()
        self._closed = True
        self._thread.join()
        os.close(self._reading)


class Worker:
    """A submission in a process of its own; a context manager.

    `about`: the submission's name, access tier, modalities and functions. `isolation`: `bubblewrap` or `process`.
    `on_line` is called now and then with the last line that it printed, while an answer is waited for.
    Raises `SubmissionError`, which names the submission and the step, for anything that goes wrong inside the process.
    """

    def __init__(
        self, spec: str, options: dict[str, Any], task: str | None = None, limits: Limits = DEFAULT, device: str = "cpu"
    ) -> None:  # fmt: skip
        self.spec, self.options, self.task, self.limits, self.device = spec, options, task, limits, device
        self._home = ExitStack()
        home = self._home.enter_context(scratch_folder())
        try:
            self.process = WorkerProcess(spec, self.limits, device, home, ONE_THREAD)
        except BaseException:
            self._home.close()
            raise
        self.isolation, self.scratch, process = self.process.isolation, self.process.scratch, self.process.process
        self._output = OutputReader(self.process.printing, self.limits.printed_bytes, self.process.kill)
        assert process.stdin is not None
        assert process.stdout is not None
        self._pipe = Pipe(process.stdout.fileno(), process.stdin.fileno(), self._has_ended)
        self._excess, self._watched = "", 0.0
        self._step = ""
        self._last = time.monotonic() + self.limits.life_seconds
        self._widths: dict[str, int] = {}
        self.on_line: Callable[[str], None] = lambda _: None
        self._line = ""
        try:
            self._send("load", {"spec": spec, "options": options}, self.limits.answer_seconds)
            self.about = self._checked_about(self._reply(self.limits.answer_seconds)[0])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process as `WorkerProcess.close` does, and remove its scratch folder."""
        self.process.close()
        self._output.close()
        self._home.close()

    @property
    def peak_bytes(self) -> int:
        """Peak resident memory so far, in bytes; 0 where the system does not show it."""
        return self.process.peak_bytes

    def fit(self, train: LabeledData, val: LabeledData, context: Context) -> Report | None:
        """Let the submission train; return its report, if any."""
        asked = {"context": {**vars(context), "scratch": str(self.scratch)}}
        self._send("fit", asked | data_to(train, "train") | data_to(val, "val"), self.limits.fit_seconds)
        reply = self._reply(self.limits.fit_seconds)[0]
        try:
            report = None if reply.get("report") is None else Report.model_validate(reply["report"])
            size = 0 if report is None else len(report.model_dump_json())  # lone surrogates cannot be written
            if size > MAX_REPORT:
                raise self.failure(f"report() returned {size:,} bytes, expected at most {MAX_REPORT:,}; report less")
            return report
        except PydanticSerializationError as error:
            raise self.failure(f"report() returned text that cannot be written: {error}") from None
        except ValidationError as error:
            raise self.failure("report() returned an invalid report: " + explain(error.errors())) from None

    def send(self, what: str, batch: Batch, families: Sequence[Hashable] | None = None) -> None:
        """Ask for `predict`, `predict_proba` or `encode` without waiting for the answer; `families` is not sent."""
        del families
        self._send("ask", {"what": what, **batch_to(batch, "batch")}, self.limits.answer_seconds, step=what)

    def answer(self, count: int, width: int | None, where: str) -> Float:
        """Wait for the answer to `send` and check it: finite reals (count, width), any width if None."""
        step = self._step
        _, arrays = self._reply(self.limits.answer_seconds, max_bytes=max(count * MAX_WIDTH * 8, SMALL))
        scores = arrays.get("answer", np.empty(0))
        if problem := fault(step, scores, count, width, where):
            raise self.failure(problem)
        if self._widths.setdefault(step, scores.shape[1]) != scores.shape[1]:
            returned = f"{step} returned {scores.shape[1]} columns on {where}, and {self._widths[step]} before"
            raise self.failure(f"{returned}; return as many for every batch")
        # of features float32, so that no more than 7 digits can hide a change
        return scores.astype(np.float32) if step == "encode" else np.where(np.abs(scores) < SMALLEST, 0.0, scores)

    def _checked_about(self, header: dict[str, Any]) -> About:
        """Check the submission's description, which an untrusted process sends."""
        header.pop("ok")
        return checked(
            About.model_validate, header, lambda why: self.failure(f"load sent an invalid description: {why}")
        )

    def _send(self, op: str, fields: dict[str, Any], seconds: float, step: str | None = None) -> None:
        self._step = step or op
        try:
            self._pipe.send({"op": op, **fields}, self._left(seconds))
        except BrokenFrameError as error:
            raise self._gone(error) from None

    def _reply(self, seconds: float, max_bytes: int = 0) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        try:
            header, arrays = self._pipe.receive(self._left(seconds), MAX_HEADER, max_bytes)
        except BrokenFrameError as error:
            raise self._gone(error) from None
        if header.get("ok") is not True:
            message, trace = (_text(header.get(name)) for name in ("error", "traceback"))
            raise self.failure(f"{self._step} failed: {message[:MAX_ERROR]}", trace[-2 * MAX_ERROR :])
        return header, arrays

    def _has_ended(self) -> bool:
        """Return whether the process has ended; now and then, show what it prints and end one that exceeds a limit."""
        now = time.monotonic()
        if now - self._watched > WATCH_SECONDS:
            self._watched = now
            self._excess = self._excess or self.process.excess()
            if self._excess:
                self.process.kill()
            line = self._output.last_line()
            if line != self._line:
                self._line = line
                self.on_line(line)
        return self.process.process.poll() is not None

    def _left(self, seconds: float) -> float:
        """Return the seconds for an answer, at most what is left of the worker's life."""
        return max(min(seconds, self._last - time.monotonic()), 0.0)

    def _gone(self, error: BrokenFrameError) -> SubmissionError:
        """Return the error for a worker that stopped answering, or whose answer cannot be read."""
        try:  # a process that closed its pipe is usually about to end
            code = self.process.process.wait(launch.EXIT_SECONDS if isinstance(error, PipeClosedError) else 0)
            ending = self._ended(code)
        except subprocess.TimeoutExpired:
            over = time.monotonic() >= self._last
            ending = str(error)
            if over:
                ending = f"it ran for longer than {self.limits.life_seconds:g} s in all; see --life-hours"
            elif isinstance(error, LateError):
                flag, seconds = "--answer-minutes", self.limits.answer_seconds
                if self._step == "fit":
                    flag, seconds = "--fit-hours", self.limits.fit_seconds
                ending = f"{error}, {seconds:g} s; see {flag}"
        return self.failure(f"{self._step} did not answer: {ending}")

    def _ended(self, code: int) -> str:
        """Describe an exit code; bubblewrap returns a signal as 128 plus its number."""
        if self._output.flooded:
            most = self.limits.printed_bytes
            return f"it printed more than {most} bytes, and was ended; print less, or see --printed-mib"
        if self._excess:
            return f"{self._excess}, and was ended; use fewer"
        number = code - 128 if self.isolation == "bubblewrap" and code > 128 else -code
        if number == signal.SIGXCPU:
            return f"it used more than {self.limits.cpu_seconds} s of CPU time, and was ended; see --cpu-hours"
        return f"signal {number} ended its process" if number > 0 else f"its process ended with exit code {code}"

    def failure(self, what: str, details: str = "") -> SubmissionError:
        """Return an error whose notes are its details and the end of what the submission printed."""
        where = f", task {self.task}" if self.task else ""
        error = SubmissionError(f"submission {self.spec}{where}: {what[:MAX_ERROR]}")
        printed = self._output.last()
        for note in (harmless(details.strip()), printed and f"it printed, last: {harmless(printed)}"):
            if note:
                error.add_note(note)
        return error


def _text(value: object) -> str:
    """Return a text from an untrusted header; other values, such as deeply nested lists, are shortened."""
    return value if isinstance(value, str) else shortened(value)


def describe(spec: str, options: dict[str, Any], limits: Limits = DEFAULT, device: str = "cpu") -> About:
    """Start a submission in a process of its own, and return its `Worker.about`."""
    with Worker(spec, options, limits=limits, device=device) as worker:
        return worker.about
