"""Describe an error of a submission's code, and what to do about it; runs in the worker."""

import errno
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from traceback import FrameSummary
from typing import Any

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.packages import EXTRAS
from spurgen.benchmark.shell import pip_install
from spurgen.harness.worker.code_hints import of_nothing, of_shadowing, of_text, of_types
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
    own = own_frames(cause)
    hints += of_shadowing(own)
    if cause is error:
        operation = str(header.get("op"))
        hints += _of_signature(text, str(header.get("what", operation)))
        hints += of_nothing(text, header, arrays, own) or of_types(text)
        hints += of_text(text, "train" if operation == "fit" else "batch")
    return f"{text} ({'; '.join(hints)})" if hints else text


def _of_limits(cause: BaseException, sandboxed: bool) -> list[str]:
    if isinstance(cause, MemoryError) or (isinstance(cause, ImportError) and "failed to map" in str(cause)):
        return ["see --memory-gib"]
    if isinstance(cause, FileNotFoundError) and isinstance(cause.filename, str):
        name = cause.filename
        if not Path(name).is_absolute():
            return [f'write FILES = ["{name}"] and open Path(__file__).parent / "{name}"']
    if isinstance(cause, ModuleNotFoundError) and cause.name:
        package = cause.name.partition(".")[0]
        install = f"if {package} is a package, run {sys.executable} -m pip install {package}"
        if package in EXTRAS:
            install = f"run {pip_install(EXTRAS[package])}"
        return [install, NOT_THERE] if sandboxed else [install]
    if not sandboxed or not isinstance(cause, OSError):
        return []
    if cause.errno is None or cause.errno < 0:  # raised by a library that cannot find a file, a host or an address
        return [NOT_THERE, ALONE]
    return [BY_NUMBER[cause.errno]] if cause.errno in BY_NUMBER else []


def _of_signature(text: str, part: str) -> list[str]:
    """Return how a function is called, if it takes other arguments."""
    return [f"it is called as {CALLS[part]}"] if part in CALLS and f"{part}() " in text and " argument" in text else []


def own_frames(error: BaseException) -> list[FrameSummary]:
    """Return the frames of an error from the submission's first on: without the harness's and the import system's."""
    harness = str(Path(__file__).parents[1])
    every = traceback.extract_tb(error.__traceback__)
    return [f for f in every if not f.filename.startswith((harness, "<frozen importlib"))]


def frames(error: BaseException) -> str:
    """Return the traceback of an error inside the submission; empty for our own messages, and for a failed call."""
    shown = (error.__cause__ or error) if isinstance(error, SubmissionError) else error
    own = own_frames(shown)
    if shown is error and (isinstance(error, SubmissionError) or not own):
        return ""
    return "".join([*traceback.format_list(own), *traceback.format_exception_only(shown)])
