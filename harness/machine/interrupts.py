"""What Ctrl-C, SIGTERM and a killed process do: clean up, and say what is kept."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import current_thread, main_thread

from spurgen.benchmark.errors import SpurgenError

TERMINATED = 128 + signal.SIGTERM
HELD = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """Marks a SIGTERM, which a command takes as it takes Ctrl-C."""


def raising(error: type[BaseException]) -> Callable[..., None]:
    """Returns a handler that raises an error so that `with` blocks clean up, undisturbed by a second signal."""

    def handle(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise error(TERMINATED)

    return handle


@contextmanager
def signals_held() -> Iterator[None]:
    """Holds Ctrl-C and SIGTERM back until the end; a process that is started meanwhile holds them for good."""
    came: list[int] = []
    main = current_thread() is main_thread()
    handlers = {number: signal.signal(number, lambda n, _: came.append(n)) for number in HELD if main}
    # The mask is for the new processes. Here it does not suffice: another thread may take a signal for this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def telling(kept: str) -> Iterator[None]:
    """Adds to a stop what is kept, as a note; raises `SpurgenError` for a pool that lost a process."""
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(kept)
        raise
    except BrokenProcessPool:
        raise SpurgenError(
            f"a process ended by itself, probably because memory ran out: try --jobs 1; {kept}"
        ) from None
