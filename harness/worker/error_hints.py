"""Describe what a submission's code raised, and what to do about it; runs in the worker."""

import errno
import re
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.worker.protocol import Arrays

READ_ONLY = "a sandboxed submission can write to context.scratch and /tmp only"
NOT_THERE = "a sandboxed submission sees the installed packages, its own code and what FILES names"
ALONE = "a sandboxed submission has no network and starts no other process"
CALLS = {
    "fit": "fit(train, val, context)",
    **{part: f"{part}(batch)" for part in ("predict", "predict_proba", "encode")},
}
BY_NUMBER = {
    errno.EROFS: READ_ONLY,
    errno.ENOENT: NOT_THERE,
    errno.EPERM: ALONE,
    errno.ENOSPC: "its scratch files are full: see --disk-gib",
    errno.EMFILE: "it has too many files open",
}


def describe(error: BaseException, header: Mapping[str, Any], arrays: Arrays, sandboxed: bool) -> str:
    """Describe an error, with hints about what the task, the access tier or the sandbox withholds."""
    cause = (error.__cause__ or error) if isinstance(error, SubmissionError) else error
    text = str(error) if isinstance(error, SubmissionError) else f"{type(error).__name__}: {error}".rstrip(": ")
    hints = _of_limits(cause, sandboxed)
    if cause is error:
        part = str(header.get("what", header.get("op")))  # a broken header names neither
        hints += [*_of_signature(text, part), *_of_nothing(text, header, arrays), *_of_sparse(text)]
    return f"{text} ({'; '.join(hints)})" if hints else text


def _of_limits(cause: BaseException, sandboxed: bool) -> list[str]:
    if isinstance(cause, MemoryError) or (isinstance(cause, ImportError) and "failed to map" in str(cause)):
        return ["see --memory-gib"]
    if not sandboxed:
        return []
    if isinstance(cause, ModuleNotFoundError):
        return [NOT_THERE]
    if not isinstance(cause, OSError):
        return []
    if cause.errno is None or cause.errno < 0:  # raised by a library that misses a file, a host or an address
        return [NOT_THERE, ALONE]
    return [BY_NUMBER[cause.errno]] if cause.errno in BY_NUMBER else []


def _of_signature(text: str, part: str) -> list[str]:
    """Return how a function is called, if it takes other arguments."""
    return [f"it is called as {CALLS[part]}"] if part in CALLS and f"{part}() " in text and " argument" in text else []


def _of_sparse(text: str) -> list[str]:
    """Return how to convert a sparse matrix to an array, if one was returned."""
    sparse = re.search(r" returned (cs[cr]|coo|bsr|lil|dok|dia)_(matrix|array) ", text)
    return ["return its toarray()"] if sparse else []


def _of_nothing(text: str, header: Mapping[str, Any], arrays: Arrays) -> list[str]:
    """Return what is None here and why, if the error is about None."""
    about_none = re.match(r"\w*Error: .*\bNoneType\b|(Type|Value|Attribute)Error: .*\bNone\b", text, re.DOTALL)
    if not about_none or header["op"] == "load":
        return []
    part = "train" if header["op"] == "fit" else "batch"
    there = {"images": f"{part}.images" in arrays, "captions": f"{part}.captions" in header}
    hints = [f"{name} is None in this task: say what you take in MODALITIES" for name, has in there.items() if not has]
    if header["op"] == "fit":
        hints.append("env_ids, group_ids, channel_values and twins are None unless ACCESS asks for them")
    return hints


def frames(error: BaseException) -> str:
    """Return the traceback of an error inside the submission; empty for our own messages."""
    if isinstance(error, SubmissionError) and error.__cause__ is None:
        return ""
    shown = error.__cause__ or error if isinstance(error, SubmissionError) else error
    harness = str(Path(__file__).parents[1])
    own = [frame for frame in traceback.extract_tb(shown.__traceback__) if not frame.filename.startswith(harness)]
    return "".join([*traceback.format_list(own), *traceback.format_exception_only(shown)])
