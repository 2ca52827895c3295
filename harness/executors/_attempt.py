"""A job on another machine: its result or exception, in a form that can be pickled."""

from collections.abc import Callable
from typing import TypeVar

J = TypeVar("J")
R = TypeVar("R")
Attempt = tuple[list[R], BaseException | None]
"""The result in a list and None, or an empty list and the exception."""


def attempt(work: Callable[[J], R], job: J) -> Attempt[R]:
    """Return what a job returns or raises."""
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
