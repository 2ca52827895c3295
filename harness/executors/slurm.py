"""On SLURM, through submitit (https://github.com/facebookincubator/submitit): a task of a job array per job.

Tasks and their results are files in a folder of this run, made in the results folder, which all machines must share.
Jobs that share a GPU are one task. A task that is no longer queued and left no result was lost, and is submitted again.
So are jobs that a task lost with one of its processes. squeue says which are queued: submitit would ask SLURM's
accounting, which many clusters lack.
"""

import math
import os
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.shell import pip_install
from spurgen.harness.executors import Attempt, attempt, result_of
from spurgen.harness.machine import pool
from spurgen.harness.machine.pool import CONTINUES, ONE_THREAD, LostProcessError, Resources, explain_stop

J = TypeVar("J")
R = TypeVar("R")
HEEDS = frozenset({"address", "gpus", "memory_gib", "minutes", "retries"})
AHEAD = 1000  # tasks that SLURM has at a time; by default an array may have 1,001
LINES, WORDS = 6, 500  # of a log that a message quotes: lines, and characters
LOOK_SECONDS, ASK_SECONDS = 0.5, 15  # between two looks into the folder, and between two questions to squeue
LOST_SECONDS = (
    90.0  # that a task is missing in the queue before it counts as lost: NFS may show its result a minute late
)


def run(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R]]:
    """Submit jobs, collect their results from the folder, and cancel the remaining tasks at the end."""
    if not jobs:
        return
    size = resources.per_gpu()
    groups = deque((list(jobs[start : start + size]), 0) for start in range(0, len(jobs), size))
    tasks: dict[Any, tuple[list[J], int]] = {}  # the jobs of a task, and how often they were lost before
    queue = _Queue()
    with explain_stop(CONTINUES), _folder(resources.folder) as folder:
        try:
            while groups or tasks:
                room = max((resources.at_once or AHEAD) // size, 1) - len(tasks)
                chosen = [groups.popleft() for _ in range(min(room, len(groups)))]
                submitted = _submit(work, folder, resources, [group for group, _ in chosen]) if chosen else []
                tasks |= zip(submitted, chosen, strict=True)
                os.scandir(folder).close()  # NFS forgets which files are missing when their folder is opened
                left = [task for task in tasks if task.paths.result_pickle.exists()]
                for task in left + queue.lost(task for task in tasks if task not in left):
                    group, losses = tasks.pop(task)
                    ended = _ended(task)
                    for place, attempted in ended.items():
                        yield group[place], result_of(attempted)
                    if lost := [job for place, job in enumerate(group) if place not in ended]:
                        _check_losses(task, losses + 1, resources)
                        groups.appendleft((lost, losses + 1))
                time.sleep(LOOK_SECONDS if tasks else 0)
        finally:
            if tasks:
                arrays = {task.job_id.partition("_")[0] for task in tasks}
                subprocess.run(["scancel", *arrays], capture_output=True, check=False)


def _submit(work: Callable[[J], R], folder: Path, resources: Resources, groups: list[list[J]]) -> list[Any]:
    """Submit groups of jobs, a task each."""
    import submitit

    size = resources.per_gpu()
    wanted: dict[str, Any] = {"partition": resources.address} if resources.address else {}
    if resources.memory_gib:
        wanted["mem"] = f"{math.ceil(resources.memory_gib * 1024 * size)}M"
    if resources.gpus:
        wanted["gpus_per_node"] = math.ceil(resources.gpus)
    executor = submitit.SlurmExecutor(folder, max_num_timeout=0)
    executor.update_parameters(
        job_name="spurgen", time=resources.minutes, cpus_per_task=size, array_parallelism=AHEAD,
        setup=[f"export {name}={value}" for name, value in ONE_THREAD.items()], **wanted,
    )  # fmt: skip
    try:
        submitted: list[Any] = executor.map_array(partial(_work_on, work), groups)
    except (submitit.core.utils.FailedJobError, subprocess.SubprocessError) as error:
        said = str(error).strip()
        limit = "--jobs N queues at most N at a time; " if "limit" in said.lower() else ""
        raise SpurgenError(f"SLURM takes no job: {said}; {limit}{CONTINUES}") from None
    return submitted


class _Queue:
    """Since when tasks are missing in this user's queue."""

    def __init__(self) -> None:
        self._asked, self._gone = -math.inf, dict[Any, float]()

    def lost(self, tasks: Iterable[Any]) -> list[Any]:
        """Return those of some tasks that were missing for `LOST_SECONDS`; ask squeue unless it was asked just now."""
        now = time.monotonic()
        if now - self._asked < ASK_SECONDS:
            return []
        self._asked = now
        asked = subprocess.run(["squeue", "-h", "-r", "--me", "-o", "%i"], capture_output=True, text=True, check=False)
        if asked.returncode:  # a controller that does not answer says nothing on tasks
            return []
        queued = set(asked.stdout.split())
        self._gone = {task: self._gone.get(task, now) for task in tasks if task.job_id not in queued}
        return [task for task, since in self._gone.items() if now - since >= LOST_SECONDS]


def _work_on(work: Callable[[J], R], group: list[J]) -> dict[int, Attempt[R]]:
    """Run the jobs of a task, one in this process, several side by side; return their results by place.

    After a process was killed, jobs that had not ended are missing.
    """
    if len(group) == 1:
        return {0: attempt(work, group[0])}
    ended: dict[int, Attempt[R]] = {}
    with suppress(LostProcessError):
        ended.update(pool.run(lambda place: attempt(work, group[place]), range(len(group)), len(group)))
    return ended


def _ended(task: Any) -> dict[int, Attempt[Any]]:  # noqa: ANN401  # a job of submitit's, which ships no types
    """Return a task's results, by the place of its jobs; raise `SpurgenError` if it failed outside of them."""
    if not task.paths.result_pickle.exists():
        return {}
    if error := task.exception():
        reason = str(error).partition("\n---")[2].partition("\n---")[0].strip().rpartition("\n")[2]
        raise SpurgenError(f"SLURM's machines cannot run the jobs: {reason}; is the same SpurGen installed there?")
    left: dict[int, Attempt[Any]] = task.result()
    return left


def _check_losses(task: Any, losses: int, resources: Resources) -> None:  # noqa: ANN401  # as above
    """Raise `SpurgenError` if jobs were lost too often, with the end of the log: srun's words on how the task ended."""
    if losses <= resources.retries:
        return
    said = ""
    with suppress(OSError):
        lines = task.paths.stderr.read_text(encoding="utf-8", errors="replace").split("\n")
        last = " / ".join(lines[-LINES:]).strip(" /")
        said = f", and its log ends with {last[-WORDS:]!r}" if last else ""
    raise SpurgenError(
        f"a job was lost {losses} times{said}; where it needs more memory or time, see --memory-per-job and "
        f"--minutes-per-job; {CONTINUES}"
    )


@contextmanager
def _folder(results: Path) -> Iterator[Path]:
    """Lend a folder that every machine sees."""
    if shutil.which("sbatch") is None:
        raise SpurgenError("--cluster slurm needs SLURM's commands (sbatch, squeue, scancel): run this on a login node")
    if find_spec("submitit") is None:
        raise SpurgenError(f"--cluster slurm needs submitit: {pip_install('slurm')}")
    results.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=results.resolve(), prefix=".slurm-", ignore_cleanup_errors=True) as made:
        yield Path(made)
