"""The scorer's side of a worker process: starts it, asks it, checks what it says, ends it."""

import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.protocol import BrokenFrameError, Pipe
from spurgen.harness.worker import batch_to, data_to

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
MAX_HEADER = 1 << 16
ISOLATION = "process"
FIT_SECONDS = 6 * 3600.0
ASK_SECONDS = 1800.0
Float = NDArray[np.floating[Any]]


class Worker:
    """Runs a submission in a process of its own; a context manager.

    `about` holds what the submission says of itself: name, access, modalities and what it offers.
    Raises `SubmissionError` that names the submission and the step, whatever goes wrong inside.
    """

    def __init__(self, spec: str, options: dict[str, Any], task: str) -> None:
        self.spec, self.task = spec, task
        self._home = tempfile.TemporaryDirectory(prefix="spurgen-")
        self.scratch = Path(self._home.name, "scratch")
        self.scratch.mkdir()
        self._log = open(Path(self._home.name, "stderr"), "w+b")  # noqa: SIM115  # closed by __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "spurgen.harness.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=os.environ | ONE_THREAD,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._pipe = Pipe(self._process.stdout.fileno(), self._process.stdin.fileno())
        self._step = ""
        try:
            self._send("load", {"spec": spec, "options": options}, {}, ASK_SECONDS)
            self.about = self._reply(ASK_SECONDS)[0]
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process and removes its scratch folder."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()
        self._home.cleanup()

    @property
    def peak_bytes(self) -> int:
        """Is the worker's peak resident memory so far, in bytes; 0 where the system does not tell."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return 0
        return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)

    def fit(self, train: LabeledData, val: LabeledData, context: Context) -> None:
        """Lets the submission train."""
        fields = {**vars(context), "scratch": str(self.scratch)}
        halves = data_to(train, "train"), data_to(val, "val")
        header = {"context": fields, **halves[0][0], **halves[1][0]}
        self._send("fit", header, halves[0][1] | halves[1][1], FIT_SECONDS)
        self._reply(FIT_SECONDS)

    def send(self, what: str, batch: Batch) -> None:
        """Asks for `predict`, `predict_proba` or `encode` without waiting for the answer."""
        header, arrays = batch_to(batch, "batch")
        self._send("ask", {"what": what, **header}, arrays, ASK_SECONDS)
        self._step = what

    def answer(self, count: int, width: int | None, where: str) -> Float:
        """Waits for the answer to `send` and checks it: finite reals (count, width), any width if None."""
        step = self._step
        _, arrays = self._reply(ASK_SECONDS, max_bytes=count * (width or 1 << 16) * 8)
        scores = arrays.get("answer", np.empty(0))
        expected = f"({count}, {'d' if width is None else width})"
        if scores.ndim != 2 or len(scores) != count or scores.shape[1] != (width or scores.shape[1]):
            raise self._failure(f"{step} returned shape {scores.shape} on {where}, expected {expected}")
        if not scores.shape[1] or scores.dtype.kind != "f":
            raise self._failure(f"{step} returned {scores.dtype} of shape {scores.shape} on {where}")
        if not np.isfinite(scores).all():
            row = int(np.flatnonzero(~np.isfinite(scores).all(axis=1))[0])
            raise self._failure(f"{step} returned a NaN or infinite number on {where}, first in row {row}")
        return scores

    def _send(self, op: str, header: dict[str, Any], arrays: dict[str, Any], seconds: float) -> None:
        self._step = op
        try:
            self._pipe.send({"op": op, **header}, arrays, seconds)
        except BrokenFrameError as error:
            raise self._gone(error) from None

    def _reply(self, seconds: float, max_bytes: int = 0) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        try:
            header, arrays = self._pipe.receive(seconds, MAX_HEADER, max_bytes)
        except BrokenFrameError as error:
            raise self._gone(error) from None
        if header.get("ok") is not True:
            told, trace = str(header.get("error")), str(header.get("traceback", ""))
            raise self._failure(f"{self._step} failed: {told}", trace)
        return header, arrays

    def _gone(self, error: BrokenFrameError) -> SubmissionError:
        """Explains a worker that stopped answering."""
        try:
            code = self._process.wait(timeout=1)
            ending = f"its process ended with exit code {code}" if code >= 0 else f"signal {-code} ended its process"
        except subprocess.TimeoutExpired:
            ending = str(error)
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(size - 2000, 0))
        return self._failure(f"{self._step} did not answer: {ending}", self._log.read().decode(errors="replace"))

    def _failure(self, what: str, details: str = "") -> SubmissionError:
        error = SubmissionError(f"submission {self.spec}, task {self.task}: {what}")
        if details.strip():
            error.add_note(details.strip())
        return error


def soften(probabilities: Float) -> Float:
    """Turns probabilities into logits, their logarithms; zeros count as 1e-12.

    Raises `SubmissionError` unless every row is non-negative and adds up to 1 within 1e-3.
    """
    rows = probabilities.astype(np.float64)
    if rows.min() < 0 or not math.isclose(float(np.abs(rows.sum(axis=1) - 1).max()), 0, abs_tol=1e-3):
        raise SubmissionError("predict_proba returned rows that are not probabilities; they must add up to 1")
    return np.log(np.maximum(rows, 1e-12))
