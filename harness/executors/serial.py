"""In this process: one job after the other, for debuggers and profilers."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from spurgen.harness.machine.pool import CONTINUES, Resources, explain_stop

J = TypeVar("J")
R = TypeVar("R")
HEEDS = frozenset[str]()


def run(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R]]:
    """Run jobs in their order."""
    del resources
    with explain_stop(CONTINUES):
        for job in jobs:
            yield job, work(job)
