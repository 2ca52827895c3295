"""Run jobs on this machine, one process per core."""

import ctypes
import multiprocessing.resource_tracker
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from typing import Any, TypeVar

from spurgen.harness.machine.folders import scratch_folder
from spurgen.harness.machine.interrupts import explain_stop, hold_signals

J = TypeVar("J")
R = TypeVar("R")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
NO_RESTARTS = {"LOKY_MAX_MEMORY_LEAK_SIZE": "1e18"}  # bytes; by default a process that grows by 300 MB is replaced
PR_SET_PDEATHSIG = 1
CONTINUES = "finished jobs are kept; run the same command again to continue"


def run(
    work: Callable[[J], R], jobs: Sequence[J], processes: int | None = None, gpus: Sequence[str] = ()
) -> Iterator[tuple[J, R]]:
    """Yield every job with its result as it ends, in any order; closing the iterator ends the unfinished ones.

    `jobs` are small and picklable, `work` a picklable function of one. `gpus`: the GPUs that each process sees, as
    values of CUDA_VISIBLE_DEVICES. Raise `SpurgenError` if a process is killed, and whatever a job raises.
    """
    with explain_stop(CONTINUES), process_pool(processes, len(jobs), gpus) as pool:
        with hold_signals():
            running = {pool.submit(work, job): job for job in jobs}
        for future in as_completed(running):
            yield running.pop(future), future.result()


def cores() -> int:
    """Return how many processes run at a time by default: one per core, as affinity and the CPU quota allow."""
    from loky import cpu_count  # slow to import

    return int(cpu_count())


@contextmanager
def process_pool(processes: int | None, jobs: int, gpus: Sequence[str] = ()) -> Iterator[Executor]:
    """Lend a pool for so many jobs; kill its processes and remove their temporary files when the block ends.

    By default there is a process per core. `gpus` as for `run`.

    Submit under `hold_signals`: it starts processes, and a signal in the middle of that would lose one.
    """
    from loky import ProcessPoolExecutor  # slow to import
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
