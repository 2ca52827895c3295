"""On SLURM, through submitit (https://github.com/facebookincubator/submitit): a task of a job array per job.

Tasks and their results are files in a folder of this run, made in the results folder, which all machines must share.
Jobs that share a GPU are one task. A task that is no longer queued and left no result was lost, and is submitted again:
SLURM's accounting, which many clusters lack, is not needed for that. So is what a task lost with one of its processes.
"""

import math
import os
import pickle
import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.shell import pip_install
from spurgen.harness.executors._attempt import Attempt, attempt, result_of
from spurgen.harness.machine import pool
from spurgen.harness.machine.interrupts import LostProcessError, explain_stop
from spurgen.harness.machine.pool import CONTINUES, ONE_THREAD
from spurgen.harness.machine.resources import Resources
from spurgen.harness.machine.steps import mirror

J = TypeVar("J")
R = TypeVar("R")
HEEDS = frozenset({"address", "gpus", "memory_gib", "minutes", "retries"})
AHEAD = 1000  # tasks that SLURM has at a time; by default an array may have 1,001
TASKS, STEPS = "tasks", "steps"  # folders
LINES, WORDS = 6, 500  # of a log that a message quotes: lines, and characters
LOOK_SECONDS = 0.5  # between two looks at the folder
ASK_SECONDS = 15.0  # between two questions to SLURM, which many users ask
LOST_SECONDS = 90.0  # after which a task without a place in the queue or a result is lost: NFS may show files 60 s late


def run(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R]]:
    """Submit jobs, collect their results from the folder, and cancel the tasks that are left when this ends."""
    if not jobs:
        return
    size = resources.per_gpu()
    groups = deque(list(jobs[start : start + size]) for start in range(0, len(jobs), size))
    with explain_stop(CONTINUES), _folder(resources.folder) as folder:
        submit, tasks = partial(_submit, work, folder, resources), list[_Task[J]]()
        queued, asked = _queued(), time.monotonic()
        try:
            while groups or tasks:
                room = max((resources.at_once or AHEAD) // size, 1) - len(tasks)
                tasks += submit([groups.popleft() for _ in range(min(room, len(groups)))])
                mirror(_steps(folder / STEPS))
                if time.monotonic() - asked >= ASK_SECONDS:
                    queued, asked = _queued(), time.monotonic()
                os.scandir(folder / TASKS).close()  # NFS forgets which files are missing when their folder is opened
                for task in [*tasks]:
                    if task.result.exists():
                        tasks.remove(task)
                        ended = _read(task.result)
                        for place, attempted in ended.items():
                            yield task.jobs[place], result_of(attempted)
                        lost = [job for place, job in enumerate(task.jobs) if place not in ended]
                        tasks += submit([lost] if lost else [], task)
                    elif task.is_lost(queued):
                        tasks.remove(task)
                        tasks += submit([task.jobs], task)
                time.sleep(LOOK_SECONDS if tasks else 0)
        finally:
            mirror({})
            _cancel({task.name.partition("_")[0] for task in tasks})


@dataclass
class _Task(Generic[J]):
    """A submitted task: its jobs, its name in SLURM, its files, and how often it was submitted before."""

    jobs: list[J]
    name: str
    result: Path
    log: Path  # what it wrote to standard error
    tries: int
    gone: float | None = None  # since when it has been in no queue, by the monotonic clock

    def is_lost(self, queued: set[str] | None) -> bool:
        """Return whether the task is long gone; `queued` is None if SLURM did not answer."""
        if queued is None or self.name in queued:
            self.gone = None
            return False
        now = time.monotonic()
        self.gone = now if self.gone is None else self.gone
        return now - self.gone >= LOST_SECONDS


def _submit(
    work: Callable[[J], R], folder: Path, resources: Resources, groups: list[list[J]], lost: _Task[J] | None = None
) -> list[_Task[J]]:
    """Submit groups of jobs, a task each; `lost`: the task that had them before."""
    if not groups:
        return []
    tries = 0 if lost is None else lost.tries + 1
    if lost is not None and tries > resources.retries:
        raise SpurgenError(
            f"a job was lost {tries} times{_last_words(lost.log)}; where it needs more memory or time, see "
            f"--memory-per-job and --minutes-per-job; {CONTINUES}"
        )
    import submitit

    size = resources.per_gpu()
    wanted: dict[str, Any] = {"partition": resources.address} if resources.address else {}
    if resources.memory_gib:
        wanted["mem"] = f"{math.ceil(resources.memory_gib * 1024 * size)}M"
    if resources.gpus:
        wanted["gpus_per_node"] = math.ceil(resources.gpus)
    executor = submitit.SlurmExecutor(folder / TASKS, max_num_timeout=0)
    executor.update_parameters(
        job_name="spurgen", time=resources.minutes, cpus_per_task=size, array_parallelism=AHEAD,
        setup=[f"export {name}={value}" for name, value in ONE_THREAD.items()], **wanted,
    )  # fmt: skip
    try:
        submitted = executor.map_array(partial(_work_on, work, folder / STEPS), groups)
    except (submitit.core.utils.FailedJobError, subprocess.SubprocessError) as error:
        said = str(error).strip()
        limit = "--jobs N queues at most N at a time; " if "limit" in said.lower() else ""
        raise SpurgenError(f"SLURM takes no job: {said}; {limit}{CONTINUES}") from None
    return [
        _Task(group, task.job_id, task.paths.result_pickle, task.paths.stderr, tries)
        for group, task in zip(groups, submitted, strict=True)
    ]


def _work_on(work: Callable[[J], R], steps: Path, group: list[J]) -> dict[int, Attempt[R]]:
    """Run the jobs of a task, one in this process, several side by side; return what they gave by their place.

    After a process was killed, jobs that had not ended are missing.
    """
    one = partial(_attempt_in, work, steps)
    if len(group) == 1:
        return {0: one(group[0])}
    ended: dict[int, Attempt[R]] = {}
    with suppress(LostProcessError):
        ended.update(pool.run(lambda place: one(group[place]), range(len(group)), len(group)))
    return ended


def _attempt_in(work: Callable[[J], R], steps: Path, job: J) -> Attempt[R]:
    return attempt(work, job, partial(_write_step, steps / f"{os.uname().nodename}-{os.getpid()}"))


def _write_step(path: Path, line: str) -> None:
    with suppress(OSError):  # not worth a failed job
        if line:
            path.with_name(f".{path.name}").write_text(line, encoding="utf-8")
            path.with_name(f".{path.name}").replace(path)
        else:
            path.unlink(missing_ok=True)


def _steps(folder: Path) -> dict[str, str]:
    """Return the current step of each process that works on a task."""
    lines = {}
    for path in folder.glob("[!.]*"):
        with suppress(OSError):  # it may end at any moment
            lines[path.name] = path.read_text(encoding="utf-8")
    return lines


def _read(result: Path) -> dict[int, Attempt[Any]]:
    """Read what a task left; raise `SpurgenError` if it failed outside of its jobs."""
    outcome, value = pickle.loads(result.read_bytes())
    if outcome != "success":
        reason = str(value).strip().rpartition("\n")[2]
        raise SpurgenError(f"SLURM's machines cannot run the jobs: {reason}; is the same SpurGen installed there?")
    ended: dict[int, Attempt[Any]] = value
    return ended


def _last_words(log: Path) -> str:
    """Return the last lines of a task's log, quoted behind a comma; nothing if there are none.

    The very last ones are srun's, on how the task ended.
    """
    with suppress(OSError):
        last = " / ".join(log.read_text(encoding="utf-8", errors="replace").split("\n")[-LINES:]).strip(" /")
        return f", and its log ends with {last[-WORDS:]!r}" if last else ""
    return ""


def _queued() -> set[str] | None:
    """Return the names of this user's pending and running tasks, or None if SLURM does not answer."""
    listed = subprocess.run(["squeue", "-h", "-r", "--me", "-o", "%i"], capture_output=True, text=True, check=False)
    return None if listed.returncode else set(listed.stdout.split())


def _cancel(names: Iterable[str]) -> None:
    if names:
        subprocess.run(["scancel", *names], capture_output=True, check=False)


@contextmanager
def _folder(results: Path) -> Iterator[Path]:
    """Lend a folder that every machine sees."""
    if shutil.which("sbatch") is None:
        raise SpurgenError("--cluster slurm needs SLURM's commands (sbatch, squeue, scancel): run this on a login node")
    if find_spec("submitit") is None:
        raise SpurgenError(f"--cluster slurm needs submitit: {pip_install('slurm')}")
    results.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=results.resolve(), prefix=".slurm-", ignore_cleanup_errors=True) as made:
        (Path(made) / STEPS).mkdir()
        yield Path(made)
