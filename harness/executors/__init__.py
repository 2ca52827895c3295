"""Where jobs run: one executor per file, each a function `run(work, jobs, resources)`; the file's name is its name.

`run` yields every job with its result as it ends, in any order; closing the iterator ends the unfinished jobs. `jobs`
are small and picklable, `work` is a picklable function of one. It raises whatever a job raises, and `SpurgenError` for
a job that is lost with its process or machine: at once on one machine, where memory is the likely reason; on a cluster,
which runs it again first, after `Resources.retries` times.

`HEEDS` names the fields of `Resources` that change what the executor does, of `address`, `gpus`, `memory_gib`,
`minutes` and `retries`. Setting one of the others is an error.
"""

from collections.abc import Callable
from typing import TypeVar

J = TypeVar("J")
R = TypeVar("R")
Attempt = tuple[list[R], BaseException | None]
"""A job's result in a list and None, or an empty list and what it raised: Ray and submitit would wrap the exception."""


def attempt(work: Callable[[J], R], job: J) -> Attempt[R]:
    """Return what a job returns or raises on another machine."""
    try:
        return [work(job)], None
    except Exception as error:  # raised again where the run was started
        return [], error


def result_of(attempted: Attempt[R]) -> R:
    """Return the result, or raise the exception."""
    results, error = attempted
    if error is not None:
        raise error
    return results[0]
