"""The worker process: runs one submission for one task, and answers frames on its pipe.

It is started by `process.Worker`. It never receives labels or channel values of test data.
"""

import ctypes
import json
import operator
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from spurgen.benchmark.contract import Context, Submission
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.worker.error_hints import frames, told
from spurgen.harness.worker.limits import set_limits
from spurgen.harness.worker.loading import PARTS, load_submission
from spurgen.harness.worker.messages import MAX_WIDTH, batch_from, data_from
from spurgen.harness.worker.protocol import Arrays, BrokenFrameError, Pipe

PR_SET_PDEATHSIG = 1


def _as_array(answer: Any, what: str) -> np.ndarray[Any, Any]:  # noqa: ANN401  # strangers' code returns anything
    """Turns what a submission returned into a plain array; tensors come off their device."""
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu().float().numpy()
    array = np.asarray(answer)
    if array.dtype.kind not in "fiub":
        raise SubmissionError(f"{what} returned {type(answer).__name__} of dtype {array.dtype}, not real numbers")
    if array.ndim > 1 and array.shape[1] > MAX_WIDTH:
        raise SubmissionError(
            f"{what} returned {array.shape[1]} columns, more than {MAX_WIDTH}; pool or project them to fewer"
        )
    return array.astype(np.float32) if array.dtype.name not in ("float16", "float32", "float64") else array


def _as_count(kept: Any) -> int:  # noqa: ANN401  # strangers' code returns anything
    try:
        return operator.index(kept)
    except TypeError:
        raise SubmissionError(f"checkpoints() returned {kept!r}, expected a whole number") from None


class _Server:
    """Holds the loaded submission between frames."""

    def __init__(self) -> None:
        self.submission: Submission | None = None

    def load(self, header: dict[str, Any], _: Arrays) -> tuple[dict[str, Any], dict[str, Any]]:
        self.submission = s = load_submission(header["spec"], header["options"])
        offers = [part for part in PARTS if getattr(s, part) is not None]
        return {"name": s.name, "access": s.access, "modalities": sorted(s.modalities), "offers": offers}, {}

    def fit(self, header: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], dict[str, Any]]:
        fields = header["context"]
        context = Context(**{**fields, "class_names": tuple(fields["class_names"]), "scratch": Path(fields["scratch"])})
        train, val = (data_from(header, arrays, split) for split in ("train", "val"))
        _call(self.submission, "fit", train, val, context)
        offered = self.submission
        report = offered.report() if offered is not None and offered.report is not None else None
        kept = offered.checkpoints() if offered is not None and offered.checkpoints is not None else 0
        return {"report": report, "checkpoints": _as_count(kept)}, {}

    def restore(self, header: dict[str, Any], _: Arrays) -> tuple[dict[str, Any], dict[str, Any]]:
        _call(self.submission, "restore", header["place"])
        return {}, {}

    def ask(self, header: dict[str, Any], arrays: Arrays) -> tuple[dict[str, Any], dict[str, Any]]:
        answer = _call(self.submission, header["what"], batch_from(header, arrays, "batch"))
        return {}, {"answer": _as_array(answer, header["what"])}


def _call(submission: Submission | None, part: str, *arguments: Any) -> Any:  # noqa: ANN401
    function: Callable[..., Any] | None = getattr(submission, part, None)
    if function is None:
        raise SubmissionError(f"the submission has no {part}")
    return function(*arguments)


def serve(pipe: Pipe, *, shut_in: bool) -> None:
    """Answers frames until the pipe closes; `shut_in` says whether this process is in a sandbox."""
    server = _Server()
    while True:
        try:
            header, arrays = pipe.receive()
        except BrokenFrameError:
            return
        try:
            reply, answers = getattr(server, header["op"])(header, arrays)
            status = {"ok": True}
        except BaseException as error:  # whatever a stranger's code raises is the answer
            reply, answers, status = {}, {}, {"ok": False}
            reply = {"error": told(error, header, arrays, shut_in)[:2000], "traceback": frames(error)[-6000:]}
        pipe.send({**status, **reply}, answers)


def main() -> None:
    """Takes the pipe from stdin and stdout, so that a submission's prints go to stderr instead."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # do not outlive the scorer
        with suppress(OSError):  # where memory is short, this process goes first
            Path("/proc/self/oom_score_adj").write_text("1000")
    given = json.loads(sys.argv.pop())
    set_limits(given["limits"])
    pipe = Pipe(os.dup(0), os.dup(1))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    serve(pipe, shut_in=given["isolation"] != "process")


if __name__ == "__main__":
    main()
