"""The limits on a submission's process, and how it is isolated."""

import resource
from dataclasses import asdict, dataclass
from typing import Any, Literal

MIB, GIB = 1 << 20, 1 << 30
OPEN_FILES, FILES, THREADS = 256, 50_000, 512
Isolation = Literal["auto", "bubblewrap", "process"]


@dataclass(frozen=True)
class Limits:
    """Limits on one worker; small and picklable, so that they travel with a job.

    `isolation`: `auto` means bubblewrap where it works, and a plain process elsewhere. `memory_bytes`: address space,
    on a CPU. `cpu_seconds`: of all threads together. `life_seconds` includes the time between questions.
    `retrain_seconds`: submissions that train with less CPU time, not on a GPU, are trained again in a fresh process.
    `forget_pages`: when a worker has ended, drop from memory the pages of all files that submissions see, which takes
    seconds. `gpu_share`: the share of the GPU's memory that torch may take.
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
    forget_pages: bool = False
    gpu_share: float = 1.0

    def retrains(self, cpu_seconds: float, device: str) -> bool:
        """Return whether a submission that trained for so long is trained again; on a GPU no training is repeatable."""
        return device == "cpu" and cpu_seconds < self.retrain_seconds

    def record(self) -> dict[str, Any]:
        """Return the limits for a result's provenance; `isolation` has a field of its own there."""
        return {name: value for name, value in asdict(self).items() if name != "isolation"}

    def for_process(self, device: str) -> dict[str, tuple[int, int]]:
        """Return the soft and hard limits of every process of a worker, by their names without `RLIMIT_`.

        Each is at most this process's own, which cannot be raised.
        Address space is limited on a CPU only, since CUDA reserves far more than it uses. The soft limit on CPU time
        is lower: it sends a signal that names the reason, unlike the SIGKILL at the hard limit.
        """
        memory = {"AS": self.memory_bytes} if device == "cpu" else {}
        hard = memory | {"FSIZE": self.disk_bytes, "NOFILE": OPEN_FILES, "CORE": 0, "CPU": self.cpu_seconds}
        soft = hard | {"CPU": max(self.cpu_seconds - 1, 0)}
        own = {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in hard}
        return {name: (_least(soft[name], own[name][0]), _least(hard[name], own[name][1])) for name in hard}


def _least(limit: int, own: int) -> int:
    return limit if own == resource.RLIM_INFINITY else min(limit, own)


DEFAULT = Limits()
