"""Folders that appear when all their files are complete."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from glob import escape
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.files import check_writable, refusals_of

KEPT, REMOVED = ".partial", ".temporary"  # endings of hidden folders, which must differ


def interrupted_folder(out: Path) -> Path:
    """Return the folder in which a command that can be continued makes `out`, a path without links."""
    return out.parent / f".{out.name}{KEPT}"


def check_out(out: Path) -> None:
    """Raise `SpurgenError` unless a data set can appear at `out`: nothing there, or an empty folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SpurgenError(f"{out} exists and is not an empty folder; choose another folder, or remove it")
    if os.path.ismount(out):
        raise SpurgenError(f"{out} is a mount point, which cannot be replaced; choose a folder in it")
    check_writable(out.resolve().parent, "folder")


@contextmanager
def partial_folder(parent: Path, name: str) -> Iterator[Path]:
    """Yield a hidden folder that is removed on exit; first remove the hidden folders of killed processes.

    A folder in use is locked, and the lock ends with its process. The folder of an interrupted export, which is kept,
    has another ending (`interrupted_folder`), whatever the names of the two are.
    """
    for stale in stale_folders(parent, name):
        _remove(stale)
    with ExitStack() as stack:
        folder = None
        while folder is None:
            with refusals_of(parent):
                made = Path(tempfile.mkdtemp(prefix=f".{name}-", suffix=REMOVED, dir=parent))
            with suppress(BlockingIOError, FileNotFoundError):  # another process removes it: it was not locked yet
                stack.enter_context(claimed(made))
                folder = made if made.exists() else None
        stack.callback(_remove, folder)
        yield folder


def scratch_folder() -> AbstractContextManager[Path]:
    """Return `partial_folder` among the system's temporary files, in which nothing of a killed process stays."""
    return partial_folder(Path(tempfile.gettempdir()), "spurgen")


def _remove(folder: Path) -> None:
    """Remove a folder as far as possible, with subfolders that a submission closed to its user."""
    for parent, names, _ in os.walk(folder):
        for name in names:
            with suppress(OSError):
                if not os.path.islink(path := os.path.join(parent, name)):
                    os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def stale_folders(parent: Path, name: str) -> Iterator[Path]:
    """Yield the hidden folders that killed processes left of `partial_folder`, each locked while it is used."""
    for stale in parent.glob(f".{escape(name)}-{'?' * 8}{REMOVED}"):
        with suppress(OSError), claimed(stale):
            yield stale


@contextmanager
def claimed(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Lock a folder; where another process has locked it, wait, or else raise `OSError`."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)
