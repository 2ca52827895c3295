"""The limits that a worker sets on itself: of resources, and of the memory of a GPU that it shares."""

import resource
from collections.abc import Mapping

CUDA_BYTES = 640 << 20  # memory of a process for CUDA and its libraries, besides torch's
LEAST = 0.01  # of a GPU's memory


def set_limits(wanted: Mapping[str, tuple[int, int]]) -> None:
    """Lower this process's soft and hard limits, by their names without `RLIMIT_`; lower ones stay."""
    for name, values in wanted.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), at_most_now(name, values))


def at_most_now(name: str, values: tuple[int, int]) -> tuple[int, int]:
    """Return a soft and a hard limit, each at most this process's own, which cannot be raised."""
    soft, hard = (
        value if now == resource.RLIM_INFINITY else min(now, value)
        for now, value in zip(resource.getrlimit(getattr(resource, f"RLIMIT_{name}")), values, strict=True)
    )
    return soft, hard


def bound_memory(share: float, device: str) -> None:
    """Let torch in this process take at most a share of a GPU's memory, less what CUDA itself needs; more fails there.

    `device`: such as `cuda:0`. Without a GPU nothing is bounded.
    """
    import torch  # imported late: takes a second, and a submission on a CPU may not need it

    if torch.cuda.is_available():
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(max(share - CUDA_BYTES / total, LEAST), device)
