"""Run jobs on this machine: a process per core, what each may use, and what happens on Ctrl-C or if one is killed."""

import math
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any, TypeVar

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.files import scratch_folder

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

J = TypeVar("J")
R = TypeVar("R")
T = TypeVar("T")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
NO_RESTARTS = {"LOKY_MAX_MEMORY_LEAK_SIZE": "1e18"}  # bytes; by default a process that grows by 300 MB is replaced
PR_SET_PDEATHSIG = 1
CONTINUES = "finished jobs are kept; run the same command again to continue"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED, TERMINATED = (128 + number for number in SIGNALS)  # exit codes


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


class LostProcessError(SpurgenError):
    """A process of a pool ended before its job did, as one does that the system kills for its memory."""


class Terminated(KeyboardInterrupt):
    """A SIGTERM, which commands treat like Ctrl-C."""


def raise_terminated(number: int, _: object) -> None:
    """Raise `Terminated`, so that `with` blocks clean up, and ignore further signals: a handler of SIGTERM."""
    signal.signal(number, signal.SIG_IGN)
    raise Terminated


@contextmanager
def hold_signals() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block ends; processes started in it hold them back for good."""
    came: list[int] = []
    main = current_thread() is main_thread()
    handlers = {number: signal.signal(number, lambda n, _: came.append(n)) for number in SIGNALS if main}
    # The mask is for the new processes. Here it does not suffice: another thread may take a signal for this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def explain_stop(note: str, cure: str = "try --jobs 1") -> Iterator[None]:
    """Add a note to an interruption, such as what is kept; raise `LostProcessError` for a pool that lost a process.

    `cure`: what to do where memory ran out.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(note)
        raise
    except Exception as error:
        from concurrent.futures.process import BrokenProcessPool

        if not isinstance(error, BrokenProcessPool):
            raise
        raise LostProcessError(f"a process ended by itself, probably because memory ran out: {cure}; {note}") from None


def run(
    work: Callable[[J], R], jobs: Sequence[J], processes: int | None = None, gpus: Sequence[str] = ()
) -> Iterator[tuple[J, R]]:
    """Yield every job with its result as it ends, in any order; closing the iterator ends the unfinished ones.

    `jobs` are small and picklable, `work` a picklable function of one. `gpus`: the GPUs that each process sees, as
    values of CUDA_VISIBLE_DEVICES. Raise `SpurgenError` if a process is killed, and whatever a job raises.
    """
    from concurrent.futures import as_completed  # slow to import, as all that follows

    with explain_stop(CONTINUES), process_pool(processes, len(jobs), gpus) as pool:
        with hold_signals():
            running = {pool.submit(work, job): job for job in jobs}
        for future in as_completed(running):
            yield running.pop(future), future.result()


def cores() -> int:
    """Return how many processes run at a time by default: one per core, as affinity and the CPU quota allow."""
    from loky import cpu_count

    return int(cpu_count())


@contextmanager
def process_pool(processes: int | None, jobs: int, gpus: Sequence[str] = ()) -> "Iterator[Executor]":
    """Lend a pool for so many jobs; kill its processes and remove their temporary files when the block ends.

    By default there is a process per core. `gpus` as for `run`.

    Submit under `hold_signals`: it starts processes, and a signal in the middle of that would lose one.
    """
    import multiprocessing.resource_tracker

    from loky import ProcessPoolExecutor
    from loky.backend import resource_tracker

    with ExitStack() as stack:
        with hold_signals():
            multiprocessing.resource_tracker.ensure_running()  # now: in Python 3.11 it lets held signals through
            folder = str(stack.enter_context(scratch_folder()))
            resource_tracker.register(folder, "folder")  # removed even if this process is killed
            stack.callback(resource_tracker.unregister, folder, "folder")
            environment = ONE_THREAD | NO_RESTARTS | {"TMPDIR": folder}
            pool = ProcessPoolExecutor(
                min(processes or cores(), max(jobs, 1)),
                env=environment,
                initializer=_begin,
                initargs=(os.getpid(), tuple(gpus)),
            )
            stack.callback(_end, pool)
        yield pool


def _end(pool: Any) -> None:  # noqa: ANN401  # loky has no types
    with hold_signals():
        pool.shutdown(kill_workers=True)


def _begin(parent: int, gpus: tuple[str, ...]) -> None:
    """Let the system kill this process when its parent is gone, and show it its GPUs if there are any.

    SIGTERM ends it; Ctrl-C, which was held back when it started, stays so: the parent ends its processes itself.
    """
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    if sys.platform == "linux":
        import ctypes
        import multiprocessing

        multiprocessing.set_start_method("fork", force=True)  # else tqdm's semaphores outlive a killed process
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[_number() % len(gpus)]


def _number() -> int:
    """Return how many processes of the pool came before this one: the first number whose file it can make."""
    for number in count():
        with suppress(FileExistsError), open(os.path.join(os.environ["TMPDIR"], f"process-{number}"), "x"):
            return number
    raise AssertionError


def ahead(items: Iterable[T], depth: int = 2) -> Iterator[T]:
    """Yield items in order, and raise an error in the place of its item; a thread makes up to `depth` items ahead."""
    from concurrent.futures import ThreadPoolExecutor

    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as thread:
        made: deque[Future[T | object]] = deque(thread.submit(next, iterator, end) for _ in range(depth))
        try:
            while (item := made.popleft().result()) is not end:
                made.append(thread.submit(next, iterator, end))
                yield item  # type: ignore[misc]  # it is not `end`
        finally:
            for waiting in made:
                waiting.cancel()
