"""A folder of results as one zip file at a URL, such as s3://bucket/share-0.zip, through fsspec.

One file, since an object store replaces a file at once, but not two: whoever reads finds the old folder or the new one.
"""

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from spurgen.benchmark.errors import ReadError, SpurgenError
from spurgen.benchmark.reading import may_unpack_to
from spurgen.harness.machine.archives import METHODS
from spurgen.harness.machine.files import matching

UNPACKED_BYTES = 1 << 30  # all results of v3 take 12 MB


def is_url(place: str) -> bool:
    """Return whether a place is a URL instead of a path."""
    return "://" in place


@contextmanager
def fetched(place: str) -> Iterator[dict[str, Path]]:
    """Lend the folders of results at a place, by name: the folder itself, or copies of all that match a URL.

    Raise `SpurgenError` if nothing matches, or if the files cannot be read.
    """
    if not is_url(place):
        yield {str(path): path for path in matching(Path(place))}
        return
    with TemporaryDirectory(prefix="spurgen-") as folder:
        copies = {}
        with _explained("read", place):
            files, path = _opened(place)
            for k, name in enumerate(sorted(files.glob(path)) if "*" in path else [path]):
                copies[str(files.unstrip_protocol(name))] = copy = Path(folder, str(k))
                _unpack(_content(files, name), copy)
        if not copies:
            raise SpurgenError(f"nothing matches {place}")
        yield copies


@contextmanager
def sent_to(place: str) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Lend a folder and a function that sends it to a place; of a path, the folder itself is lent.

    What is at the URL already is in the folder, and is written there once more to see whether that works. If later the
    folder cannot be sent, raise `SpurgenError`; it then stays.
    """
    if not is_url(place):
        yield Path(place), lambda: None
        return
    with _explained("read", place):
        files, path = _opened(place)
        before = _content(files, path) if files.exists(path) else b""
    folder, failed = Path(mkdtemp(prefix="spurgen-results-")), False

    def send() -> None:
        nonlocal failed
        failed = True
        with _explained("write", f"{place}; the results are in {folder}"):
            _write(files, path, _packed(folder))
        failed = False

    try:
        if before:
            with _explained("read", place):
                _unpack(before, folder)
        with _explained("write", place):  # now, since after hours of work it is too late to learn that this fails
            _write(files, path, before or _packed(folder))
        yield folder, send
    finally:
        if not failed:
            shutil.rmtree(folder)


def _write(files: Any, path: str, content: bytes) -> None:  # noqa: ANN401  # fsspec ships no types
    with suppress(Exception):  # object stores have no folders; if one is missing elsewhere, writing fails
        files.makedirs(path.rpartition("/")[0], exist_ok=True)
    with files.transaction, files.open(path, "wb") as file:
        file.write(content)


def _opened(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs  # slow to import

    files, path = url_to_fs(url)
    return files, str(path)


@contextmanager
def _explained(verb: str, place: str) -> Iterator[None]:
    """Raise `SpurgenError` for any error of a file system, which each of its libraries names as it likes."""
    try:
        yield
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise SpurgenError(f"cannot {verb} {place}: {reason}") from error


def _packed(folder: Path) -> bytes:
    """Return a folder as a zip file, without what a killed write leaves."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".tmp":
                archive.write(path, path.relative_to(folder).as_posix())
    return content.getvalue()


def _content(files: Any, path: str) -> bytes:  # noqa: ANN401
    """Return a file's content; raise `ReadError` if it is too large."""
    size = files.size(path) or 0
    if size > UNPACKED_BYTES:
        raise ReadError(f"it has {size:,} bytes, expected at most {UNPACKED_BYTES:,}")
    content: bytes = files.cat_file(path)
    return content


def _unpack(content: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        size, limit = sum(entry.file_size for entry in entries), min(may_unpack_to(len(content)), UNPACKED_BYTES)
        if size > limit:
            raise ReadError(f"it unpacks to {size:,} bytes, expected at most {limit:,}")
        other = next((entry.compress_type for entry in entries if entry.compress_type not in METHODS), None)
        if other is not None:
            raise ReadError(f"a file in it is compressed by method {other}, expected deflate")
        archive.extractall(folder)
