"""Runs jobs on this machine, one process per core."""

import ctypes
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from os import _exit, environ
from time import monotonic
from typing import Any, NamedTuple, Protocol, TypeVar

from spurgen.harness.machine.cores import usable_cores
from spurgen.harness.machine.interrupts import TERMINATED, raising, signals_held, telling

R = TypeVar("R", covariant=True)
T = TypeVar("T")
J2 = TypeVar("J2")
R2 = TypeVar("R2")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
PR_SET_PDEATHSIG = 1
GRACE = 10.0  # seconds that a process has for cleaning up
KEPT = "what was finished is kept, and the same command goes on from there"


class Job(Protocol[R]):
    """Is small and picklable, such as a `CellSpec` or a `Trial`."""

    def run(self) -> R:
        """Does the work."""


J = TypeVar("J", bound=Job[Any])


def run(jobs: Sequence[J], processes: int | None = None) -> Iterator[tuple[J, Any]]:
    """Yields every job as it ends, in any order; stopping early gives up the unfinished ones.

    Raises `SpurgenError` if a process is killed.
    """
    environ.update(ONE_THREAD)  # for the pool's processes; this one only waits
    with telling(KEPT), process_pool(processes) as pool:
        with signals_held():
            waiting: dict[Future[Any], J] = {pool.submit(_run, job): job for job in jobs}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()


@contextmanager
def process_pool(processes: int | None) -> Iterator[ProcessPoolExecutor]:
    """Lends a pool; leaving the block early ends its processes, which clean up first.

    What starts processes, hence submitting, belongs under `signals_held`: a signal amidst it would lose one.
    """
    pool = ProcessPoolExecutor(processes or usable_cores(), get_context("spawn"), initializer=_begin)
    try:
        yield pool
        pool.shutdown()
    finally:
        if pool._processes:  # no public way to end them
            _end(pool)
        pool.shutdown(cancel_futures=True)


def _end(pool: ProcessPoolExecutor) -> None:
    """Tells the processes to end, and kills those that do not."""
    processes = list(pool._processes.values())
    pool._result_queue._writer.close()  # type: ignore[attr-defined]  # else half an answer is waited for, for ever
    for process in processes:
        process.terminate()
    deadline = monotonic() + GRACE
    for process in processes:
        process.join(max(deadline - monotonic(), 0))
        process.kill()


def _begin() -> None:
    """Has a process of the pool end on SIGTERM, which the system sends as well when its parent is gone.

    Ctrl-C stays held back: the parent gets it, and ends its processes.
    """
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def finish(work: Callable[[], T]) -> T:
    """Calls a function in a process of the pool; on SIGTERM its `with` blocks clean up and the process ends."""
    with suppress(SystemExit):
        signal.signal(signal.SIGTERM, raising(SystemExit))
        try:
            return work()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _exit(TERMINATED)  # the pool would take SystemExit for an answer, and go on with the next


def _run(job: Job[T]) -> T:
    return finish(job.run)


def run_all(work: Callable[[J2], R2], arguments: Sequence[J2], processes: int | None = None) -> Iterator[tuple[J2, R2]]:
    """Yield every argument with what `work` makes of it, as it ends, in any order."""
    calls = {id(argument): _Call(work, argument) for argument in arguments}
    for call, value in run([*calls.values()], processes):
        yield call.argument, value


class _Call(NamedTuple):
    work: Callable[[Any], Any]
    argument: Any

    def run(self) -> Any:  # noqa: ANN401
        return self.work(self.argument)
