"""What a submission may use, and how far it is shut in."""

import resource
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

MIB, GIB = 1 << 20, 1 << 30
OPEN_FILES = 1024
Isolation = Literal["auto", "bubblewrap", "process"]


@dataclass(frozen=True)
class Limits:
    """Holds the limits on one worker; small and picklable, so that it travels with a run.

    `isolation`: `auto` shuts a worker in with bubblewrap where that works, and is a plain process elsewhere.
    `memory_bytes`: of address space, on a CPU. `cpu_seconds`: of all threads together, for the worker's whole
    life. `fit_seconds`, `answer_seconds`: of wall time, the latter for each answer but `fit`'s; `life_seconds`: for
    all of them, the waiting between included. `disk_bytes`: of scratch files. `printed_bytes`: of output.
    `retrain_seconds`: who trains no longer, on a CPU, is trained twice, to be asked again by a fresh process.
    """

    isolation: Isolation = "auto"
    memory_bytes: int = 16 * GIB
    cpu_seconds: int = 24 * 3600
    fit_seconds: float = 6 * 3600.0
    answer_seconds: float = 1800.0
    life_seconds: float = 24 * 3600.0
    retrain_seconds: float = 20.0
    disk_bytes: int = 4 * GIB
    printed_bytes: int = 64 * MIB

    def record(self) -> dict[str, Any]:
        """Returns the limits as a row keeps them; how it was shut in has a field of its own there."""
        kept = asdict(self)
        del kept["isolation"]
        return kept

    def for_process(self, device: str) -> dict[str, tuple[int, int]]:
        """Returns the soft and hard limits of every process of a worker, by their names without `RLIMIT_`.

        CUDA reserves address space without end. Past the soft limit on CPU time comes a signal of its own, at the hard
        one SIGKILL, which would say nothing.
        """
        memory = {"AS": self.memory_bytes} if device == "cpu" else {}
        equal = memory | {"FSIZE": self.disk_bytes, "NOFILE": OPEN_FILES, "CORE": 0}
        return {name: (value, value) for name, value in equal.items()} | {
            "CPU": (max(self.cpu_seconds - 1, 0), self.cpu_seconds)
        }


DEFAULT = Limits()


def lowered(wanted: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Returns the soft and hard limits, each at most this process's own: nobody can raise a hard limit again."""
    return {
        name: tuple(  # type: ignore[misc]  # two values, as both arguments of zip have
            value if now == resource.RLIM_INFINITY else min(now, value)
            for now, value in zip(resource.getrlimit(getattr(resource, f"RLIMIT_{name}")), values, strict=True)
        )
        for name, values in wanted.items()
    }
