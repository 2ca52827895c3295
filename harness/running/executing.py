"""Run jobs on the executor that the command line names."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from spurgen.benchmark.errors import SpurgenError, harmless
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.suggest import one_of
from spurgen.harness.machine.files import FULL
from spurgen.harness.machine.pool import Resources
from spurgen.harness.machine.printing import first_line

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


@dataclass(frozen=True)
class Bug:
    """An error of ours in a job and its traceback, both as text, since not every exception can be pickled."""

    error: str
    trace: str


def execute_each(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R | Bug]]:
    """Run jobs as `execute` does, but a job that raises an unexpected error yields a `Bug`, and the others go on.

    Raise a `SpurgenError`, or the error of a full disk, at once: it concerns all jobs.
    """
    return execute(partial(_guarded, work), jobs, resources)


def _guarded(work: Callable[[J], R], job: J) -> R | Bug:
    try:
        return work(job)
    except Exception as error:
        if isinstance(error, SpurgenError) or getattr(error, "errno", None) in FULL:
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        summary = first_line(traceback.format_exception_only(error)[-1])
        return Bug(f"{harmless(summary)} ({Path(last.filename).name}, line {last.lineno})", traceback.format_exc())


def _module(executor: str) -> Any:  # noqa: ANN401  # a module, found by name
    return import_module(f"{EXECUTORS}.{executor}")  # only this one: others may be slow to import
