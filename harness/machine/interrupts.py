"""Handle Ctrl-C, SIGTERM and killed processes: clean up, and report what was saved."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread

from spurgen.benchmark.errors import SpurgenError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED, TERMINATED = (128 + number for number in SIGNALS)  # exit codes


class LostProcessError(SpurgenError):
    """A process of a pool ended before its job did, as one does that the system kills for its memory."""


class Terminated(KeyboardInterrupt):
    """A SIGTERM, which commands treat like Ctrl-C."""


def raise_terminated(number: int, _: object) -> None:
    """Raise `Terminated`, so that `with` blocks clean up, and ignore further signals: a handler of SIGTERM."""
    signal.signal(number, signal.SIG_IGN)
    raise Terminated


@contextmanager
def hold_signals() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block ends; processes started in it hold them back for good."""
    came: list[int] = []
    main = current_thread() is main_thread()
    handlers = {number: signal.signal(number, lambda n, _: came.append(n)) for number in SIGNALS if main}
    # The mask is for the new processes. Here it does not suffice: another thread may take a signal for this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def explain_stop(note: str, cure: str = "try --jobs 1") -> Iterator[None]:
    """Add a note to an interruption, such as what is kept; raise `LostProcessError` for a pool that lost a process.

    `cure`: what to do where memory ran out.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(note)
        raise
    except Exception as error:
        from concurrent.futures.process import BrokenProcessPool  # imported late: slow to import

        if not isinstance(error, BrokenProcessPool):
            raise
        raise LostProcessError(f"a process ended by itself, probably because memory ran out: {cure}; {note}") from None
