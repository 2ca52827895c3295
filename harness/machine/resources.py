"""Where jobs run, and what each may use there."""

import math
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Resources:
    """Resources of jobs, and the executor. A job has one thread, so that the same seed gives the same weights.

    `at_once`: jobs at a time, by default as many as fit. `gpus`: per job; a fraction of a GPU is shared. `visible`: the
    GPUs of this machine that its jobs are spread over, as CUDA_VISIBLE_DEVICES names them. `memory_gib`: main memory
    per job, by default the cluster's own default. `minutes`: wall time per job, for SLURM. `retries`: how often a job
    that was lost with its machine or process is started again. `address`: of a Ray cluster, or a SLURM partition.
    `folder`: one that all machines share, for SLURM.
    """

    at_once: int | None = None
    executor: str = "local"
    address: str = ""
    gpus: float = 0.0
    visible: tuple[str, ...] = ()
    memory_gib: float | None = None
    minutes: int = 60
    retries: int = 3
    folder: Path = field(default_factory=Path.cwd)

    def per_gpu(self) -> int:
        """Return how many jobs share a GPU."""
        return max(int(1 / self.gpus + 1e-9), 1) if self.gpus else 1

    def places(self) -> tuple[str, ...]:
        """Return the GPUs of each job that this machine has room for at a time; none if jobs are not spread.

        An entry is a value of CUDA_VISIBLE_DEVICES, such as `0`, or `0,1` for a job with two.
        """
        if not self.gpus:
            return ()
        size = math.ceil(self.gpus)
        starts = range(0, len(self.visible) - size + 1, size)
        return tuple(",".join(self.visible[k : k + size]) for k in starts for _ in range(self.per_gpu()))

    def room(self) -> int | None:
        """Return how many jobs run at a time on this machine; None: one per core."""
        return self.at_once or (len(self.places()) or self.per_gpu() if self.gpus else None)


ANYWHERE = Resources()
"""This machine, a job per core."""
