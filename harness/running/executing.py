"""Run jobs on the executor that the command line names."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, TypeVar

from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.suggest import one_of
from spurgen.harness.machine.resources import Resources

J = TypeVar("J")
R = TypeVar("R")
EXECUTORS = "spurgen.harness.executors"


def read_cluster(text: str) -> tuple[str, str]:
    """Split `NAME[://ADDRESS]`; raise `SpurgenError`, which suggests similar names, for an unknown executor."""
    name, _, address = text.partition("://")
    return one_of("executor", name, names_in(EXECUTORS)), address


def execute(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R]]:
    """Run jobs on the executor that `resources` names; see `spurgen.harness.executors` for what is raised."""
    executor: Any = import_module(f"{EXECUTORS}.{resources.executor}")  # only this one: others may be slow to import
    results: Iterator[tuple[J, R]] = executor.run(work, jobs, resources)
    return results
