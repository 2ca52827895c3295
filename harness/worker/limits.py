"""The resource limits that a worker sets on itself."""

import resource
from collections.abc import Mapping


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
