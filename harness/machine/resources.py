"""Where jobs run, and what each may use there."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Resources:
    """What jobs may use, and of which executor. A job has one thread, so that the same seed gives the same weights.

    `at_once`: jobs at a time, by default as many as there is room for. `gpus`: per job; a fraction of a GPU is shared.
    `memory_gib`: main memory per job, by default what the cluster grants. `minutes`: wall time per job, for SLURM.
    `retries`: how often a job is started again that was lost with its machine or process. `address`: of a Ray cluster,
    or a SLURM partition. `folder`: one that all machines share, for SLURM.
    """

    at_once: int | None = None
    executor: str = "local"
    address: str = ""
    gpus: float = 0.0
    memory_gib: float | None = None
    minutes: int = 60
    retries: int = 3
    folder: Path = field(default_factory=Path.cwd)

    def per_gpu(self) -> int:
        """Return how many jobs share a GPU."""
        return max(int(1 / self.gpus + 1e-9), 1) if self.gpus else 1


ANYWHERE = Resources()
"""This machine, a job per core."""
