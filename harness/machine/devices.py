"""Choose the device to train on."""

from spurgen.benchmark.errors import SpurgenError


def pick_device(name: str) -> str:
    """Return the device, `auto` resolved; raise `SpurgenError` if it is unknown or missing."""
    if name == "cpu":
        return name
    import torch  # slow to import, and a run on the CPU needs it only in the workers

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return "cuda" if count else "cpu"
    check_device_name(name)
    if int(name.partition(":")[2] or 0) >= count:
        there = f"cuda:0 to cuda:{count - 1}" if count else "none; use cpu"
        raise SpurgenError(f"there is no device {name}; the GPUs here: {there}")
    return name


def check_device_name(name: str) -> None:
    """Raise `SpurgenError` for a name that no device has."""
    kind, _, number = name.partition(":")
    if name != "cpu" and (kind != "cuda" or not (number or "0").isdigit()):
        raise SpurgenError(f"unknown device {name!r}; choose cpu, cuda, cuda:0, ... or auto")
