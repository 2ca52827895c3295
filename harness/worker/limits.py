"""The resource limits that a worker sets on itself."""

import resource
from collections.abc import Mapping


def set_limits(wanted: Mapping[str, tuple[int, int]]) -> None:
    """Lower this process's soft and hard limits, by their names without `RLIMIT_`; lower ones stay."""
    for name, values in wanted.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        soft, hard = (
            value if now == resource.RLIM_INFINITY else min(now, value)
            for now, value in zip(resource.getrlimit(kind), values, strict=True)
        )
        resource.setrlimit(kind, (soft, hard))
