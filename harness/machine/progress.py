"""The progress bar of long work, and below it the current step of each job, which its process writes to a file."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from spurgen.benchmark.errors import harmless
from spurgen.harness.machine.files import scratch_folder
from spurgen.harness.machine.printing import say

STEPS = "SPURGEN_STEPS"  # environment variable; the folder is set where a terminal shows the steps
LONGEST = 100  # characters of a line
Show = Callable[[str], None]


class _JobsProgress(Progress):
    """A progress bar with a line below it for each running job."""

    folder: Path | None = None

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the bar, then the jobs' current steps."""
        yield from super().get_renderables()
        if self.folder:
            yield from (Text(f"  {line}", overflow="ellipsis", no_wrap=True) for line in current(self.folder))


def make_progress(console: Console) -> _JobsProgress:
    """Return a progress bar with the number done, the total, the time taken and the time left."""
    return _JobsProgress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console,
    )  # fmt: skip


@contextmanager
def told(console: Console, step: str, seconds: float = 60.0) -> Iterator[None]:
    """Print a line when a step begins and, where no terminal shows the time, one each minute until it ends."""
    if console.is_terminal:
        yield
        return
    begun, ended = time.monotonic(), threading.Event()

    def tell() -> None:
        while not ended.wait(seconds):
            say(console, f"{step}: {time.monotonic() - begun:.0f} s so far")

    say(console, step)
    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def samples_bar(console: Console, samples: int, what: str = "samples") -> Iterator[Callable[[int], None]]:
    """Show a progress bar; yield the function that advances it."""
    with make_progress(console) as progress:
        bar = progress.add_task(what, total=samples)
        yield lambda count: progress.advance(bar, count)


@contextmanager
def jobs_progress(console: Console) -> Iterator[Progress]:
    """Show a progress bar and, in a terminal, the current steps of the jobs that are started in the block."""
    progress = make_progress(console)
    if not console.is_terminal:
        with progress:
            yield progress
        return
    with scratch_folder() as folder:
        os.environ[STEPS], progress.folder = str(folder), folder
        try:
            with progress:
                yield progress
        finally:
            del os.environ[STEPS]


@contextmanager
def reporting(job: str) -> Iterator[Show]:
    """Yield a function that shows a job's step until the block ends; it does nothing where no terminal shows it."""
    folder = os.environ.get(STEPS)
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
