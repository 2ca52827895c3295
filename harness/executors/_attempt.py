"""A job on another machine: its result, or what it raised, in a form that travels."""

from collections.abc import Callable
from typing import TypeVar

from spurgen.harness.machine.steps import Show, sent_by

J = TypeVar("J")
R = TypeVar("R")
Attempt = tuple[list[R], BaseException | None]
"""The result in a list and None, or an empty list and the exception."""


def attempt(work: Callable[[J], R], job: J, send: Show) -> Attempt[R]:
    """Return what a job returns or raises; `send` takes its steps, and "" when it ends."""
    try:
        with sent_by(send):
            return [work(job)], None
    except Exception as error:  # raised again where the run was started
        return [], error
    finally:
        send("")


def result_of(attempted: Attempt[R]) -> R:
    """Return the result, or raise the exception."""
    results, error = attempted
    if error is not None:
        raise error
    return results[0]
