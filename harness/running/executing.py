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


def heeded(executor: str) -> frozenset[str]:
    """Return the fields of `Resources` that an executor names in its `HEEDS`."""
    fields: frozenset[str] = _module(executor).HEEDS
    return fields


def execute(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R]]:
    """Run jobs on the executor that `resources` names; see `spurgen.harness.executors` for what is raised."""
    results: Iterator[tuple[J, R]] = _module(resources.executor).run(work, jobs, resources)
    return results


def _module(executor: str) -> Any:  # noqa: ANN401  # a module that is found by its name
    return import_module(f"{EXECUTORS}.{executor}")  # only this one: others may be slow to import
