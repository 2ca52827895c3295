"""What a submission may use, and how far it is shut in."""

import resource
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

    def for_server(self, device: str) -> dict[str, int]:
        """Returns what a worker sets on itself; CUDA reserves address space without end."""
        memory = {"AS": self.memory_bytes} if device == "cpu" else {}
        return memory | {"CPU": self.cpu_seconds, "FSIZE": self.disk_bytes, "NOFILE": OPEN_FILES, "CORE": 0}


DEFAULT = Limits()


def set_limits(wanted: dict[str, int]) -> None:
    """Sets this process's limits, by their names without `RLIMIT_`, for good; lower ones stay as they are."""
    for name, value in wanted.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        soft, hard = (value if now == resource.RLIM_INFINITY else min(now, value) for now in resource.getrlimit(kind))
        # past the soft limit on CPU time comes a signal of its own, at the hard one SIGKILL, which would say nothing
        resource.setrlimit(kind, (max(soft - 1, 0) if name == "CPU" else soft, hard))
