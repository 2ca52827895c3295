"""The current step of each job that runs on this machine: its process writes a file, which the progress bar reads."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spurgen.benchmark.errors import harmless

FOLDER = "SPURGEN_STEPS"  # environment variable; the folder is set where a terminal shows the steps
LONGEST = 100  # characters of a line
Show = Callable[[str], None]


@contextmanager
def reporting(job: str) -> Iterator[Show]:
    """Yield a function that shows a job's step until the block ends; it does nothing where no terminal shows it."""
    folder = os.environ.get(FOLDER)
    if not folder:
        yield lambda _: None
        return
    path = Path(folder) / str(os.getpid())

    def show(step: str) -> None:
        with suppress(OSError):  # a job must not fail for it
            written = path.with_suffix(".new")
            written.write_text(f"{job}  {step}", encoding="utf-8")
            written.replace(path)

    try:
        yield show
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def current(folder: Path) -> list[str]:
    """Return a line per running job, sorted: its step, and for how many seconds it has been unchanged."""
    lines = []
    for path in folder.glob("*[0-9]"):
        with suppress(OSError, UnicodeDecodeError):  # it may end at any moment
            age = time.time() - path.stat().st_mtime
            since = f", {age:.0f} s" if age >= 1 else ""
            lines.append(harmless(path.read_text(encoding="utf-8").partition("\n")[0][:LONGEST]) + since)
    return sorted(lines)
