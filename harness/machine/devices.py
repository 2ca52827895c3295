"""Choose the device to train on."""

import os
import re
from importlib.util import find_spec

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.packages import TRAIN, check_packages


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
