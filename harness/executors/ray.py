"""On a Ray cluster (https://docs.ray.io): the one of RAY_ADDRESS, the one of this machine, or one for this run.

Jobs travel through Ray, and so do results: machines share no folder, but have the same SpurGen, the same suite and the
submission under the same path. A job checks the digests of all three.
"""

import logging
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import islice
from typing import Any, TypeVar

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.executors._attempt import attempt, result_of
from spurgen.harness.machine.interrupts import explain_stop
from spurgen.harness.machine.pool import CONTINUES, ONE_THREAD
from spurgen.harness.machine.resources import Resources
from spurgen.harness.machine.steps import FOLDER, mirror

J = TypeVar("J")
R = TypeVar("R")
AHEAD = 1000  # jobs that Ray has at a time: enough to keep it busy, few enough to keep its tables small
LOOK_SECONDS = 0.5  # between two looks at the steps of running jobs
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


def run(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R]]:
    """Run jobs as tasks of Ray, which starts those again whose worker or machine is lost."""
    if not jobs:
        return
    with explain_stop(CONTINUES), _connected(resources) as ray, closing(_Board(ray)) as board:
        memory = {"memory": resources.memory_gib * 2**30} if resources.memory_gib else {}
        _check_room(ray.cluster_resources(), resources)
        start = ray.remote(attempt).options(
            num_cpus=resources.cpus, num_gpus=resources.gpus, max_retries=resources.retries, **memory
        )
        waiting, running = iter(jobs), dict[Any, J]()
        try:
            while True:
                for job in islice(waiting, (resources.at_once or AHEAD) - len(running)):
                    running[start.remote(work, job, board.send)] = job
                if not running:
                    return
                ended, _ = ray.wait(list(running), num_returns=1, timeout=LOOK_SECONDS)
                board.show()
                for reference in ended:
                    yield running.pop(reference), result_of(_fetched(ray, reference, resources.retries))
        finally:
            for reference in running:
                with suppress(Exception):  # the cluster may be gone
                    ray.cancel(reference, force=True)


def _check_room(room: Mapping[str, float], resources: Resources) -> None:
    """Raise `SpurgenError` for a job that the whole cluster has no room for, which Ray would let wait for ever."""
    gib = room.get("memory", 0) / 2**30
    for flag, asked, there in (
        ("--cpus-per-job", resources.cpus, room.get("CPU", 0)),
        ("--gpus-per-job", resources.gpus, room.get("GPU", 0)),
        ("--memory-per-job", resources.memory_gib or 0, gib),
    ):
        if asked > there:
            raise SpurgenError(f"{flag} {asked:g}: the Ray cluster has {there:.3g} in all; ask for less")


def _fetched(ray: Any, reference: Any, retries: int) -> Any:  # noqa: ANN401  # whatever a job returns
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as lost:
        reason = str(lost).strip().partition("\n")[0]
        raise SpurgenError(
            f"a job was lost {retries + 1} times, probably because memory ran out: reserve more with --memory-per-job; "
            f"Ray says: {reason}; {CONTINUES}"
        ) from None


@contextmanager
def _connected(resources: Resources) -> Iterator[Any]:
    """Connect to a cluster, or start one on this machine; leave it, or end it, when the block ends."""
    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    try:
        import ray
    except ModuleNotFoundError:
        raise SpurgenError("--cluster ray needs Ray: pip install 'spurgen[ray]'") from None
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    address = f"ray://{resources.address}" if resources.address else None
    ours = not ray.is_initialized()
    try:
        if ours:
            ray.init(
                address=address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False,
                runtime_env={"env_vars": ONE_THREAD},
            )  # fmt: skip
    except (ConnectionError, RuntimeError, ValueError, ImportError) as error:
        where = address or os.environ.get("RAY_ADDRESS", "this machine")
        raise SpurgenError(
            f"no Ray cluster at {where}: {error}; start one with `ray start --head`, and check RAY_ADDRESS"
        ) from None
    finally:
        for number, handler in handlers.items():  # Ray replaces that of SIGTERM
            signal.signal(number, handler)
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


class _Steps:
    """The current step of each worker; an actor of Ray."""

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}

    def put(self, worker: str, line: str) -> None:
        self.lines[worker] = line

    def take(self) -> dict[str, str]:
        """Return the lines that arrived since the last call."""
        lines, self.lines = self.lines, {}
        return lines


class _Board:
    """The steps of all workers, gathered only where a terminal shows them."""

    def __init__(self, ray: Any) -> None:  # noqa: ANN401  # Ray's types are not needed to run without it
        self._ray = ray
        self._lines: dict[str, str] = {}
        self._actor = ray.remote(_Steps).options(num_cpus=0, max_restarts=-1).remote() if FOLDER in os.environ else None

    @property
    def send(self) -> Callable[[str], None]:
        """What a job calls with each of its steps."""
        return _Sender(self._actor)

    def show(self) -> None:
        """Show the steps that arrived."""
        if self._actor is not None:
            with suppress(self._ray.exceptions.RayError):  # its machine was lost; it starts again
                self._lines |= self._ray.get(self._actor.take.remote(), timeout=LOOK_SECONDS)
            mirror({worker: line for worker, line in self._lines.items() if line})

    def close(self) -> None:
        """Show no more steps."""
        mirror({})
        if self._actor is not None:
            with suppress(Exception):
                self._ray.kill(self._actor)


class _Sender:
    """Sends steps to the actor; a class, so that it can be pickled."""

    def __init__(self, actor: Any) -> None:  # noqa: ANN401  # a handle of Ray's
        self._actor = actor

    def __call__(self, line: str) -> None:
        if self._actor is not None:
            self._actor.put.remote(f"{os.uname().nodename}-{os.getpid()}", line)
