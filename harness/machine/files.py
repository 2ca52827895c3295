"""Write whole files or none, check before any work that files can be written, lock folders, and hash files."""

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from glob import escape, glob
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError

STDOUT = Path("-")  # of a flag that names a file
LOCK = ".lock"
FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors of a disk without room, which no job and no path is the reason for."""


class WriteError(SpurgenError, OSError):
    """A file that the system refused to write."""

    def __str__(self) -> str:
        return f"cannot write {self.filename}: {self.strerror}"


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a whole file, text as UTF-8, or nothing; raise `WriteError` if the system refuses."""
    with staged(path, content) as put:
        put()


@contextmanager
def staged(path: Path, content: str | bytes) -> Iterator[Callable[[], None]]:
    """Write a file under a temporary name beside `path`; yield what renames it. What is not renamed is removed.

    Raises `WriteError` as `write_atomically` does, both at once and when the file is renamed.
    """
    with _refusals_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # such as /dev/null, which root would replace by a file
            raise OSError(errno.EINVAL, "it is not a plain file; name another")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")

    def put() -> None:
        with _refusals_of(path):
            os.replace(temporary, path)

    try:
        with _refusals_of(path):
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
        yield put
    finally:
        Path(temporary).unlink(missing_ok=True)


@contextmanager
def _refusals_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(error.errno, error.strerror or str(error), str(path)) from None


@contextmanager
def removed_on_failure(folders: Collection[Path]) -> Iterator[None]:
    """On failure remove those of the folders, and of the folders above them, that were missing, if they are empty."""
    every = {above.absolute() for folder in folders for above in (folder, *folder.parents)}
    missing = sorted((folder for folder in every if not folder.exists()), reverse=True)  # inner ones first
    try:
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):  # another process wrote there, or it was never made
                folder.rmdir()
        raise


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
    """Lock a folder, which is made, against other processes that lock it; wait for the lock.

    A lock that was made is removed on failure. Raise `SpurgenError` if something else lies where the lock should.
    """
    lock, made = _locked(folder / LOCK)
    try:
        yield
    except BaseException:
        if made:  # while it is locked: whoever waits for it finds that it is gone
            (folder / LOCK).unlink(missing_ok=True)
        raise
    finally:
        os.close(lock)


def _locked(path: Path) -> tuple[int, bool]:
    """Return the descriptor of a locked file, and whether it was made."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = not os.path.lexists(path)
        try:  # not truncated, and through no link: whatever lies there is left as it is
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
        except FileNotFoundError:  # another process failed, and removed the folder
            continue
        except OSError as error:
            raise SpurgenError(f"cannot lock {path}: {error.strerror}; remove it") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except BaseException:
            os.close(lock)
            raise
        if _is_at(lock, path):
            return lock, made
        os.close(lock)


def _is_at(handle: int, path: Path) -> bool:
    """Return whether an open file is the one at a path."""
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except FileNotFoundError:
        return False


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
