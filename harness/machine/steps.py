"""The current step of each running job: its process writes it to a file, which the progress bar reads.

A process on another machine writes to a folder that both see (`look_into`), or sends it (`sent_by`), and the executor
writes the file (`mirror`).
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from spurgen.benchmark.errors import harmless

FOLDER = "SPURGEN_STEPS"  # environment variable; the folder is set where a terminal shows the steps
LONGEST = 100  # characters of a line
Show = Callable[[str], None]
_senders: list[Show] = []
"""What sends a line elsewhere, as long as a block of `sent_by` lasts."""


@contextmanager
def reporting(job: str) -> Iterator[Show]:
    """Yield a function that shows a job's step until the block ends; it does nothing where no terminal shows it."""
    folder = os.environ.get(FOLDER)
    if _senders:
        yield lambda step: _senders[-1](f"{job}  {step}")
        return
    if not folder:
        yield lambda _: None
        return
    path = Path(folder) / f"{os.uname().nodename}-{os.getpid()}"

    def show(step: str) -> None:
        with suppress(OSError):  # not worth a failed job
            written = path.with_suffix(".new")
            written.write_text(f"{job}  {step}", encoding="utf-8")
            written.replace(path)

    try:
        yield show
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


@contextmanager
def sent_by(send: Show) -> Iterator[None]:
    """Let `send` take the steps of jobs in this process until the block ends."""
    _senders.append(send)
    try:
        yield
    finally:
        _senders.pop()


def mirror(lines: Mapping[str, str]) -> None:
    """Show the steps of jobs on other machines: a line per worker. Lines of workers that are not named end."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    shown = {path: line for worker, line in lines.items() for path in [Path(folder) / f"far-{worker}-0"]}
    with suppress(OSError):  # not worth a failed run
        for path in set(Path(folder).glob("far-*")) - shown.keys():
            path.unlink(missing_ok=True)
        for path, line in shown.items():
            if not path.exists() or path.read_text(encoding="utf-8") != line:  # its age is that of the step
                path.write_text(line, encoding="utf-8")


def look_into(shared: Path) -> None:
    """Show the steps that processes of other machines write to a shared folder, as long as it exists."""
    if folder := os.environ.get(FOLDER):
        with suppress(OSError):  # not worth a failed run
            (Path(folder) / shared.parent.name).symlink_to(shared)


def current(folder: Path) -> list[str]:
    """Return a line per running job, sorted: its step, and for how many seconds it has been unchanged."""
    lines = []
    for path in [*folder.glob("*[0-9]"), *folder.glob("*/*[0-9]")]:
        with suppress(OSError, UnicodeDecodeError):  # it may end at any moment
            age = time.time() - path.stat().st_mtime
            since = f", {age:.0f} s" if age >= 1 else ""
            lines.append(harmless(path.read_text(encoding="utf-8").partition("\n")[0][:LONGEST]) + since)
    return sorted(lines)
