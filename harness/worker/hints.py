"""Describe an error of a submission's code, and what to do about it; runs in the worker."""

import errno
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from traceback import FrameSummary
from typing import Any

from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.shell import EXTRAS, pip_install
from spurgen.benchmark.suggest import suggestion

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
FIELDS = {
    "Batch": ("images", "captions"),
    "LabeledData": (
        "images", "captions", "labels", "num_groups", "env_ids", "group_ids", "channel_values", "twins",
    ),
    "Context": ("class_names", "num_classes", "modality", "image_size", "device", "seed", "scratch"),
}  # fmt: skip
"""Attributes of each type that a submission receives."""
GRANTED_BY = {
    "env_ids": 'ACCESS = "envs"', "group_ids": (groups := 'ACCESS = "train_groups", or "val_groups" for those of val'),
    "channel_values": groups, "twins": 'ACCESS = "twins"',
}  # fmt: skip
TAKEN_BY = {"images": '{"image", "multimodal"}', "captions": '{"text", "multimodal"}'}
TORCH = "torch.from_numpy({part}.images).permute(0, 3, 1, 2).float() / 255"
IMAGES = f"{{part}}.images is uint8 (n, H, W, 3), torch wants float (n, 3, H, W): write {TORCH}"
GLOBAL = "what predict reads must be set at the top level, or by fit after a line `global {name}`"
BY_TEXT = {
    r"expected input\[.*\] to have \d+ channels, but got": IMAGES,
    r"(unsigned char|Byte)\b.*\b[Ff]loat|[Ff]loat\b.*\b(unsigned char|Byte)\b": IMAGES,
    r"(must be Tensor, not |got \()numpy\.ndarray": IMAGES,
    r"\b[Dd]ouble\b.*\b[Ff]loat\b|\b[Ff]loat\b.*\b[Dd]ouble\b": "NumPy made float64: write .float() for torch",
    r"Found array with dim 4": "make a row of each image: {part}.images.reshape(len({part}), -1)",
    r"(NameError: |UnboundLocalError: .*)(name|variable) '(?P<name>\w+)' ": GLOBAL,
    r"NotFittedError: This (?P<name>\w+) ": "fit must train the very object that predict uses; "
    "if it makes a new one, declare the variable `global` in fit",
    r"not compiled with CUDA|no NVIDIA driver|No CUDA GPUs": "use context.device in place of cuda",
    r"inhomogeneous shape": "return an array with a row per sample and a column per class",
    r" returned NoneType ": "its last line must be `return logits`",
    r" returned dict ": "return one array, such as the one under 'logits'",
    r" returned \w+ of dtype <U": "return a score for each class, (n, K), in the order of context.class_names",
    r" returned (cs[cr]|coo|bsr|lil|dok|dia)_(matrix|array) ": "return its toarray()",
}
"""Hints by what an error says; `{part}` is the name of the data at hand, other fields are groups of the pattern."""


def describe(error: BaseException, fields: Mapping[str, Any], sandboxed: bool) -> str:
    """Describe an error, with hints about what the task, the access tier or the sandbox withholds.

    `fields`: of the frame that asked for what failed.
    """
    cause = (error.__cause__ or error) if isinstance(error, SubmissionError) else error
    text = str(error) if isinstance(error, SubmissionError) else f"{type(error).__name__}: {error}".rstrip(": ")
    hints = _of_limits(cause, sandboxed)
    own = own_frames(cause)
    hints += of_shadowing(own)
    if cause is error:
        operation = str(fields.get("op"))
        hints += _of_signature(text, str(fields.get("what", operation)))
        hints += of_nothing(text, fields, own) or of_types(text)
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


def of_text(text: str, part: str) -> list[str]:
    """Return the first hint about an error's own text; `part` names the data at hand, `train` or `batch`."""
    for pattern, hint in BY_TEXT.items():
        if match := re.search(pattern, text):
            return [hint.format(part=part, **match.groupdict())]
    return []


def of_types(text: str) -> list[str]:
    """Return the attributes of the type that an error is about, if a submission receives that type."""
    unknown = re.search(r"'(Batch|LabeledData|Context)' object has no attribute '(\w+)'", text)
    if unknown:
        return [f"{unknown[1]}: {suggestion(unknown[2], FIELDS[unknown[1]])}"]
    misused = re.search(r"Error: .*\b(Batch|LabeledData|Context)\b", text)
    return [f"a {misused[1]} has the fields {', '.join(FIELDS[misused[1]])}"] if misused else []


def of_nothing(text: str, fields: Mapping[str, Any], own: Sequence[FrameSummary]) -> list[str]:
    """Return what is None here and the line that asks for it, if the failing lines name it or the error is about None.

    `own`: the frames of the error, from the submission's first on.
    """
    part = {"fit": "train", "ask": "batch"}.get(str(fields.get("op")))
    if part is None:
        return []
    there = {key.split(".")[1] for key in fields if key.startswith(f"{part}.")}
    chosen = {
        name: f" in this task: write MODALITIES = {tasks}, or the one that it takes" for name, tasks in TAKEN_BY.items()
    }
    granted = {name: f": write {line}" for name, line in GRANTED_BY.items() if part == "train"}
    missing = {name: f"{name} is None{rest}" for name, rest in (chosen | granted).items() if name not in there}
    named = set(re.findall(r"\.(\w+)\b", "\n".join(frame.line or "" for frame in own)))
    about_none = re.match(r"\w*Error: .*\bNoneType\b", text, re.DOTALL)
    wanted = named & missing.keys() or (missing if about_none else ())
    return [hint for name, hint in missing.items() if name in wanted]


def of_shadowing(own: Sequence[FrameSummary]) -> list[str]:
    """Return which file beside the submission a library imported in place of its own module; `own` as above."""
    if not own:
        return []
    folder, left = Path(own[0].filename).parent, False
    for path in (Path(frame.filename) for frame in own):
        if left and path.parent == folder:
            return [f"{path.name} hides a library's module of that name: rename the file"]
        left = left or (path.is_absolute() and folder not in path.parents)
    return []
