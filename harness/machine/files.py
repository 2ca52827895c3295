"""Files and folders that appear whole or not at all, their locks and digests, and the cache."""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from glob import escape, glob
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError

STDOUT = Path("-")  # of a flag that names a file
LOCK = ".lock"
KEPT, REMOVED = ".partial", ".temporary"  # endings of hidden folders, which must differ
FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of a full disk, which neither a job nor a path causes."""


class WriteError(SpurgenError, OSError):
    """A file that the system refused to write."""

    def __str__(self) -> str:
        return f"cannot write {self.filename}: {self.strerror}"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a whole file, text as UTF-8, or nothing; raise `WriteError` if the system refuses."""
    with refusals_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # such as /dev/null, which root would replace with a file
            raise OSError(errno.EINVAL, "it is not a plain file; name another")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)


def write_cached(path: Path, content: bytes) -> None:
    """Write a whole file below `cache_folder`, or nothing; raise `SpurgenError` if the system refuses."""
    try:
        write_atomically(path, content)
    except WriteError as error:
        raise SpurgenError(
            f"{error}; free some space in {cache_folder()}, which can be removed, or name another folder by "
            "SPURGEN_CACHE"
        ) from None


@contextmanager
def refusals_of(path: Path) -> Iterator[None]:
    """Turn errors of the system into a `WriteError` that names a path."""
    try:
        yield
    except OSError as error:
        raise WriteError(error.errno, error.strerror or str(error), str(path)) from None


def write_changed(path: Path, content: str) -> str:
    """Write a whole file of UTF-8 text, unless it has that content already; return a line that says which."""
    new = content.encode()
    if path.is_file() and path.stat().st_size == len(new) and path.read_bytes() == new:
        return f"{path} is up to date"
    write_atomically(path, new)
    return f"wrote {path}"


def matching(path: Path) -> list[Path]:
    """Return the path itself, or all in order that match it where it has a `*`; raise `SpurgenError` if none does."""
    if "*" not in str(path) or path.exists():
        return [path]
    pattern = escape(str(path.expanduser())).replace("[*]", "*")
    found = [Path(name) for name in sorted(glob(pattern))]
    if not found:
        raise SpurgenError(f"nothing matches {path}")
    return found


def check_distinct(outputs: Mapping[str, Path | None]) -> None:
    """Raise `SpurgenError` if two outputs, by the flags that name them, are the same file: one would be lost."""
    flags: dict[Path, str] = {}
    for flag, path in outputs.items():
        if path is not None and (other := flags.setdefault(path.resolve(), flag)) != flag:
            raise SpurgenError(f"{other} and {flag} both name {path}; name another file for one of them")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a folder and lock it against other processes that lock it; wait for the lock.

    Raise `SpurgenError` if something else is in the lock's place, or nothing can be written there.
    """
    path = folder / LOCK
    with refusals_of(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:  # not truncated, and not through a link: an existing file stays as it is
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except OSError as error:
        cure = "choose a folder that can be written" if error.errno in (errno.EROFS, errno.EACCES) else "remove it"
        raise SpurgenError(f"cannot lock {path}: {error.strerror}; {cure}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def cache_folder() -> Path:
    """Return the folder of what can be made again: `SPURGEN_CACHE`, or `spurgen` in the user's cache folder."""
    named = os.environ.get("SPURGEN_CACHE")
    try:
        return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "spurgen"
    except RuntimeError:
        raise SpurgenError("this user has no home folder for caches; set SPURGEN_CACHE to a folder") from None


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_writable(folder: Path, flag: str) -> None:
    """Make a folder; raise `SpurgenError`, which names the flag, if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SpurgenError(f"cannot write to {folder}: {error.strerror or error}; choose another {flag}") from None


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
