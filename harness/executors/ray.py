"""On a Ray cluster (https://docs.ray.io): the one of RAY_ADDRESS, the one of this machine, or one for this run.

Jobs travel through Ray, and so do results: machines share no folder, but have the same SpurGen, the same suite and the
submission under the same path. A job checks the digests of all three.
"""

import logging
import os
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, TypeVar

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.shell import pip_install
from spurgen.harness.executors import attempt, result_of
from spurgen.harness.machine.pool import CONTINUES, ONE_THREAD, Resources, explain_stop

J = TypeVar("J")
R = TypeVar("R")
HEEDS = frozenset({"address", "gpus", "memory_gib", "retries"})
AHEAD = 1000  # jobs that Ray has at a time: enough to keep it busy, few enough to keep its tables small
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


def run(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R]]:
    """Run jobs as tasks of Ray, which starts those again whose worker or machine is lost."""
    if not jobs:
        return
    with explain_stop(CONTINUES), _connected(resources) as ray:
        _check_room([node["Resources"] for node in ray.nodes() if node["Alive"]], resources)
        memory = {"memory": resources.memory_gib * 2**30} if resources.memory_gib else {}
        start = ray.remote(attempt).options(
            num_cpus=1, num_gpus=resources.gpus, max_retries=resources.retries, **memory
        )
        waiting, running = iter(jobs), dict[Any, J]()
        try:
            while True:
                for job in islice(waiting, (resources.at_once or AHEAD) - len(running)):
                    running[start.remote(work, job)] = job
                if not running:
                    return
                ended, _ = ray.wait(list(running))
                for reference in ended:
                    yield running.pop(reference), result_of(_fetched(ray, reference, resources.retries))
        finally:
            for reference in running:
                with suppress(Exception):  # the cluster may be gone
                    ray.cancel(reference, force=True)


def _check_room(nodes: Sequence[Mapping[str, float]], resources: Resources) -> None:
    """Warn if no node has room for a job: Ray waits for one, for ever if the cluster does not add nodes itself.

    Ray's public API does not tell whether the cluster does.
    """
    gib = resources.memory_gib or 0
    asked = {"CPU": 1, "GPU": resources.gpus, "memory": gib * 2**30}
    if not any(all(node.get(name, 0) >= amount for name, amount in asked.items()) for node in nodes):
        warnings.warn(
            f"no node of the Ray cluster has room for a job: 1 CPU, {resources.gpus:g} GPUs and {gib:g} GiB of memory; "
            "Ray waits until the cluster adds one. If yours adds none, press Ctrl-C and ask for less with "
            "--gpus-per-job and --memory-per-job",
            stacklevel=2,
        )


def _fetched(ray: Any, reference: Any, retries: int) -> Any:  # noqa: ANN401  # whatever a job returns
    errors = ray.exceptions
    try:
        return ray.get(reference)
    except errors.RayError as lost:
        lines = str(lost).strip().splitlines()
        if isinstance(lost, (errors.OutOfMemoryError, errors.WorkerCrashedError)):
            what = "probably because memory ran out: reserve more with --memory-per-job"
            what = f"a job was lost {retries + 1} times, {what}; Ray says: {lines[0]}"
        elif isinstance(lost, errors.NodeDiedError):
            what = f"a job was lost {retries + 1} times with its machine; Ray says: {lines[0]}"
        else:
            what = f"Ray cannot run a job: {lines[-1]}"
        raise SpurgenError(f"{what}; {CONTINUES}") from None


@contextmanager
def _connected(resources: Resources) -> Iterator[Any]:
    """Connect to a cluster, or start one on this machine; leave it, or end it, when the block ends."""
    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    try:
        import ray
    except ModuleNotFoundError:
        raise SpurgenError(f"--cluster ray needs Ray: {pip_install('ray')}") from None
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
