"""The provenance of a result: when, where, with what and on which device it was made, and how to cite it."""

import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Environment
from spurgen.benchmark.shell import TRAIN, check_packages

SOURCES = (":(top)*.py", ":(top)*.toml", ":(top)*.manifest.json")  # what makes a tree dirty: not the rows themselves
CODE = ("baselines", "benchmark", "generators", "harness")  # the package's folders, which stand side by side
PACKAGES = ("numpy", "numba", "torch", "scikit-learn", "scipy")
TITLE = "the benchmark that tells whether a model learned the task or a shortcut"
AUTHORS = "The SpurGen authors"
YEAR = 2026


@cache  # a lookup searches every folder on Python's path
def _installed(name: str) -> str | None:
    """Return a package's version, or None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def now() -> str:
    """Return the time, in UTC, to the second (ISO 8601)."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def environment(device: str = "cpu", limits: Mapping[str, float] | None = None) -> Environment:
    """Return the software and machine that a job on a device runs with, and the limits that it runs under."""
    git = _ours()
    return Environment(
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}, {_processor()}",
        packages={name: number for name in PACKAGES if (number := _installed(name))},
        spurgen=version("spurgen"),
        device=device,
        gpu=_gpu(device),
        limits=dict(limits or {}),
        commit=git.commit,
        dirty=git.dirty,
    )


def _gpu(device: str) -> str | None:
    if not device.startswith("cuda"):
        return None
    import torch  # slow to import, and a job on the CPU needs it only in the workers

    return torch.cuda.get_device_name(device) if torch.cuda.is_available() else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return _described(lines)


def _described(cpuinfo: Sequence[str]) -> str:
    """Return the model, and whether it lacks AVX-512: baselines then compute in float32 instead of bfloat16."""
    first = {key.strip(): value.strip() for key, _, value in reversed([line.partition(":") for line in cpuinfo])}
    lacks = "flags" in first and "avx512f" not in first["flags"].split()
    return first.get("model name", "unknown") + (" without AVX-512" if lacks else "")


class GitState(NamedTuple):
    """A commit, and whether sources were changed or added since; None where git cannot tell."""

    commit: str | None = None
    dirty: bool | None = None


@cache
def _ours() -> GitState:
    """Return the state of SpurGen's own code, asked once: four processes of git take as long as a small training."""
    return git_state(Path(__file__).parents[1])


def git_state(folder: Path) -> GitState:
    """Return the commit of a folder's code, and whether sources were changed or added.

    Empty outside a checkout, and where a checkout holds the folder but does not track it: one that is
    installed into somebody's repository is not at that repository's commit.
    """
    try:
        _git(folder, "ls-files", "--error-unmatch", "--", ".")
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", *SOURCES)
        beside = (f"{name}/*.py" for name in CODE)
        added = _git(folder.parent, "ls-files", "--others", "--exclude-standard", "--", *beside)
    except (OSError, subprocess.CalledProcessError):
        return GitState()
    return GitState(commit, bool(changed or added))


def _git(folder: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def pick_device(name: str) -> str:
    """Return the device, `auto` resolved; raise `SpurgenError` if it is unknown or missing."""
    if name == "cpu" or (name == "auto" and not find_spec("torch")):
        return "cpu"
    if name != "auto":
        check_device_name(name)
        check_packages(TRAIN, f"--device {name}", "train")
    import torch  # slow to import, and a run on the CPU needs it only in the workers

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return "cuda" if count else "cpu"
    if int(name.partition(":")[2] or 0) >= count:
        there = f"cuda:0 to cuda:{count - 1}" if count else "none; use cpu"
        raise SpurgenError(f"there is no device {name}; the GPUs here: {there}")
    return name


def visible_gpus(device: str) -> tuple[str, ...]:
    """Return the GPUs that jobs on `cuda` can be spread over, as CUDA_VISIBLE_DEVICES names them.

    There are none on another device: a numbered GPU is the only one meant.
    """
    if device != "cuda":
        return ()
    import torch

    count = torch.cuda.device_count()
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return tuple(named.split(",")[:count] if named else map(str, range(count)))


def check_device_name(name: str) -> None:
    """Raise `SpurgenError` for a name that no device has."""
    if not re.fullmatch(r"cpu|cuda(:\d{1,3})?", name, re.ASCII):
        raise SpurgenError(f"unknown device {name!r}; choose cpu, cuda, cuda:0, ... or auto")


def bibtex(data: str = "", *, versioned: bool = True) -> str:
    """Return the BibTeX entry of CITATION.cff; `data` names the suite and its manifest: which data a paper used.

    Use `versioned=False` to cite something that outlives a version of SpurGen.
    """
    note = "; ".join(filter(None, [f"Version {version('spurgen')}" if versioned else "", data]))
    fields = {"title": f"{{SpurGen}}: {TITLE}", "author": f"{{{AUTHORS}}}", "year": str(YEAR), "note": note}
    lines = [f"  {name:<6} = {{{value}}}" for name, value in fields.items()]
    return "@software{spurgen,\n" + ",\n".join(lines) + "\n}\n"
