"""The worker process: run one submission for one task, and answer frames on its pipe.

`sandbox.process.Worker` starts it. It never receives labels or channel values of test data.
"""

import ctypes
import json
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from spurgen.benchmark.contract import Context, Submission
from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.worker.hints import describe, frames
from spurgen.harness.worker.loading import described, load_submission
from spurgen.harness.worker.protocol import MAX_WIDTH, BrokenFrameError, Pipe, batch_from, data_from

PR_SET_PDEATHSIG = 1
CUDA_BYTES = 640 << 20  # memory of a process for CUDA and its libraries, besides torch's
LEAST = 0.01  # of a GPU's memory


def _detached(tensor: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401  # of any library that has such a method
    copied: np.ndarray[Any, Any] = tensor.detach().cpu().float().numpy()
    return copied


def _as_array(answer: Any, what: str) -> np.ndarray[Any, Any]:  # noqa: ANN401  # strangers' code returns anything
    """Convert a submission's answer to a plain array; tensors, or a list of them, are copied from their device."""
    if isinstance(answer, list | tuple) and all(hasattr(item, "detach") for item in answer):
        answer = [_detached(item) for item in answer]
    array = np.asarray(_detached(answer) if hasattr(answer, "detach") else answer)
    if array.dtype.kind not in "fiub":
        raise SubmissionError(f"{what} returned {type(answer).__name__} of dtype {array.dtype}, not real numbers")
    if array.ndim > 1 and array.shape[1] > MAX_WIDTH:
        raise SubmissionError(
            f"{what} returned {array.shape[1]} columns, more than {MAX_WIDTH}; pool or project them to fewer"
        )
    return array.astype(np.float32) if array.dtype.name not in ("float16", "float32", "float64") else array


def _as_json(report: Any) -> Any:  # noqa: ANN401  # strangers' code returns anything
    """Return a report as JSON has it, with numbers of NumPy and torch as plain ones."""
    try:
        return json.loads(json.dumps(report, default=lambda value: value.item()))
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        raise SubmissionError(f"report() returned what JSON cannot hold, {error}; return dicts of numbers") from None


class _Server:
    """The loaded submission, and the operations that frames ask for."""

    def __init__(self) -> None:
        self.submission: Submission | None = None

    def load(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        submission = self.submission = load_submission(fields["spec"], fields["options"])
        return described(submission)

    def fit(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        named = fields["context"]
        context = Context(**{**named, "class_names": tuple(named["class_names"]), "scratch": Path(named["scratch"])})
        _call(self.submission, "fit", *(data_from(fields, split) for split in ("train", "val")), context)
        assert self.submission is not None
        report = self.submission.report
        return {"report": report and _as_json(report())}

    def ask(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "answer": _as_array(_call(self.submission, fields["what"], batch_from(fields, "batch")), fields["what"])
        }


def _call(submission: Submission | None, part: str, *arguments: Any) -> Any:  # noqa: ANN401
    function: Callable[..., Any] | None = getattr(submission, part, None)
    if function is None:
        raise SubmissionError(f"the submission has no {part}")
    return function(*arguments)


def serve(pipe: Pipe, *, sandboxed: bool) -> None:
    """Answer frames until the pipe closes."""
    server = _Server()
    while True:
        try:
            header, arrays = pipe.receive()
        except BrokenFrameError:
            return
        fields = header | arrays
        try:
            reply = {"ok": True, **getattr(server, fields["op"])(fields)}
        except BaseException as error:  # submitted code may raise anything
            reply = {"ok": False, "error": describe(error, fields, sandboxed)[:2000]}
            reply["traceback"] = frames(error)[-6000:]
        pipe.send(reply)


def bound_memory(share: float, device: str) -> None:
    """Let torch in this process take at most a share of a GPU's memory, less what CUDA itself needs; more fails there.

    `device`: such as `cuda:0`. Without a GPU nothing is bounded.
    """
    import torch  # imported late: takes a second, and a submission on a CPU may not need it

    if torch.cuda.is_available():
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(max(share - CUDA_BYTES / total, LEAST), device)


def main() -> None:
    """Take the pipe from stdin and stdout, so that a submission prints to stderr instead."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # end with the scorer
        with suppress(OSError):  # if memory runs out, this process is killed first
            Path("/proc/self/oom_score_adj").write_text("1000")
    settings = json.loads(sys.argv.pop())
    for name, limits in settings["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), tuple(limits))
    if "gpu" in settings:
        bound_memory(*settings["gpu"])
    pipe = Pipe(os.dup(0), os.dup(1))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    epochs = logging.getLogger("spurgen.baselines")
    epochs.addHandler(logging.StreamHandler())  # on standard error, whose last line a terminal shows
    epochs.setLevel(logging.INFO)
    serve(pipe, sandboxed=settings["isolation"] != "process")


if __name__ == "__main__":
    main()
