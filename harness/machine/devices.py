"""Which device to train on."""

from spurgen.benchmark.errors import SpurgenError


def pick_device(asked: str) -> str:
    """Resolves `auto`, and refuses a device that is not there, with a `SpurgenError`, before any work."""
    if asked == "cpu":
        return asked
    import torch  # slow to import, and a run on the CPU needs it only in the workers

    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked == "auto":
        return "cuda" if found else "cpu"
    kind, _, number = asked.partition(":")
    if kind != "cuda" or not (number or "0").isdigit():
        raise SpurgenError(f"unknown device {asked!r}; choose cpu, cuda, cuda:0, ... or auto")
    if int(number or 0) >= found:
        there = f"cuda:0 to cuda:{found - 1}" if found else "none; use cpu"
        raise SpurgenError(f"there is no device {asked}; the GPUs here: {there}")
    return asked
