"""The log of a run: events with their times, on the console and in log.txt."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.logging import RichHandler

FILE = "log.txt"
NAMES = ("spurgen-run", "py.warnings")  # the second is where Python's own warnings go


@contextmanager
def logged(folder: Path, console: Console) -> Iterator[logging.Logger]:
    """Append log messages, Python's warnings, and the reason if a run ends early, to a folder's log.txt."""
    file = logging.FileHandler(folder / FILE, encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    shown = RichHandler(console=console, show_path=False, markup=False, highlighter=None, log_time_format="[%X]")
    loggers = [logging.getLogger(name) for name in NAMES]
    for logger in loggers:
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.handlers = [file, shown]
    logging.captureWarnings(True)
    try:
        yield loggers[0]
    except BaseException as error:
        file.handle(loggers[0].makeRecord(NAMES[0], logging.ERROR, "", 0, "%s", (_ending(error),), None))
        raise
    finally:
        logging.captureWarnings(False)
        for logger in loggers:
            logger.handlers = []
        file.close()


def _ending(error: BaseException) -> str:
    """Describe why a run ended early; the command line itself reports it on the console."""
    return "stopped by the user" if isinstance(error, KeyboardInterrupt) else f"ended by an error: {error}"
