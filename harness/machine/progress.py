"""The progress bar of long work."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from spurgen.harness.machine import steps


class _JobsProgress(Progress):
    """A progress bar with a line below it for each running job."""

    folder: Path | None = None

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the bar, then the jobs' current steps."""
        yield from super().get_renderables()
        if self.folder:
            yield from (Text(f"  {line}", overflow="ellipsis", no_wrap=True) for line in steps.current(self.folder))


def make_progress(console: Console) -> _JobsProgress:
    """Return a progress bar with the number done, the total, the time taken and the time left."""
    return _JobsProgress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console,
    )  # fmt: skip


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
    with TemporaryDirectory(prefix="spurgen-", ignore_cleanup_errors=True) as folder:
        os.environ[steps.FOLDER], progress.folder = folder, Path(folder)
        try:
            with progress:
                yield progress
        finally:
            del os.environ[steps.FOLDER]
