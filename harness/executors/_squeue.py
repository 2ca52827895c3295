"""submitit's jobs, of which squeue knows the state: submitit asks SLURM's accounting, which many clusters lack."""

import time
from typing import Any

from submitit.slurm.slurm import SlurmInfoWatcher, SlurmJob


class Watcher(SlurmInfoWatcher):
    """Watcher of this user's queue; a task that has been missing from it for `lost_seconds` is lost.

    The default allows for NFS, where a result may show a minute late. `ask_seconds`: between two queries of squeue.
    """

    def __init__(self, ask_seconds: int = 15, lost_seconds: float = 90.0) -> None:
        super().__init__(delay_s=ask_seconds)
        self._lost_seconds = lost_seconds
        self._gone: dict[str, float] = {}  # time since which a task has been in no queue

    def _make_command(self) -> list[str]:
        return ["squeue", "-h", "-r", "--me", "-o", "%i"]

    def read_info(self, string: bytes | str) -> dict[str, dict[str, str]]:
        """Return the states of lost tasks, from the names of pending and running ones."""
        queued, now = set((string if isinstance(string, str) else string.decode()).split()), time.monotonic()
        self._gone = {name: self._gone.get(name, now) for name in self._registered - queued}
        return {name: {"State": "LOST"} for name, since in self._gone.items() if now - since >= self._lost_seconds}


class Task(SlurmJob[Any]):
    """A task that was submitted."""

    watcher = Watcher()

    def done(self, force_check: bool = False) -> bool:
        """Return whether it left a result or was lost; submitit's own method would write to the folder every time."""
        mode = "force" if force_check else "standard"
        return self.paths.result_pickle.exists() or self.watcher.is_done(self.job_id, mode=mode)
