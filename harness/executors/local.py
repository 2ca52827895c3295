"""On this machine: a pool of processes, one per core, or per GPU."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from spurgen.harness.machine import pool
from spurgen.harness.machine.pool import Resources

J = TypeVar("J")
R = TypeVar("R")
HEEDS = frozenset({"gpus"})


def run(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R]]:
    """Run jobs in the pool; a process that is killed ends the run, since memory is the likely reason."""
    return pool.run(work, jobs, resources.room(), resources.places())
