"""Read files that may be damaged or forged: plain files of a limited size, as bytes, text, TOML or JSON.

A compressed file may unpack to a limited size as well.
"""

import gzip
import io
import json
import os
import re
import stat
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from math import isfinite
from pathlib import Path
from typing import Any

from spurgen.benchmark.errors import MissingError, ReadError, shortened

TOML_BYTES = 1 << 14  # a scenario takes 1 KiB; a dotted key as long as this takes tomllib 1 s, one 4 times longer 25 s
JSON_BYTES = 1 << 25
UNPACKED_BYTES = 1 << 26
UNPACKED_RATIO = 100  # tables of names and numbers shrink to a thirtieth, a bomb to a thousandth
KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a FIFO"), (stat.S_ISSOCK, "a socket"),
)  # fmt: skip
_LONG_NUMBER = re.compile(r"[0-9][0-9_]{4299}")  # Python reads no whole number of more than 4,300 digits


@contextmanager
def open_plain(path: str | Path, at_most: int, what: str = "") -> Iterator[BufferedReader]:
    """Open a plain file to be read; `what` says in messages which file it is, such as `the manifest`.

    Raises `MissingError` if there is no file, and `ReadError` if it is not a plain file but, for example, a FIFO or a
    device, has more than `at_most` bytes, or cannot be read.
    """
    named = _named(path, what)
    with ExitStack() as stack:
        with _reported(named):
            mode = os.stat(path).st_mode  # before it is opened: opening a FIFO waits, and opening a device may act
            if not stat.S_ISREG(mode):
                raise ReadError(f"cannot read {named}: it is {_kind(mode)}; put a plain file there")
            file = stack.enter_context(open(path, "rb", opener=_open))
            if os.fstat(file.fileno()).st_size > at_most:
                raise ReadError(f"cannot read {named}: it has more than {at_most:,} bytes; put a smaller file there")
        yield file


def may_unpack_to(size: int) -> int:
    """Return how many bytes a compressed file of `size` bytes may unpack to: 100 times as many, or 64 MiB if more."""
    return max(UNPACKED_BYTES, UNPACKED_RATIO * size)


@contextmanager
def open_unpacked(path: str | Path, at_most: int) -> Iterator[BufferedReader]:
    """Open a plain file to be read, by gzip if its name ends in `.gz`; raise as `open_plain` does.

    Reading raises `ReadError` beyond the bytes that `may_unpack_to` allows, which are never unpacked.
    """
    with open_plain(path, at_most) as file:
        if not str(path).endswith(".gz"):
            yield file
            return
        limit = may_unpack_to(os.fstat(file.fileno()).st_size)
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield BufferedReader(_AtMost(unpacked, limit, _named(path, "")))


class _AtMost(io.RawIOBase):
    """A stream that raises `ReadError` beyond a number of bytes."""

    def __init__(self, stream: gzip.GzipFile, limit: int, named: str) -> None:
        self.stream, self.limit, self.left, self.named = stream, limit, limit, named

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # any object with room for bytes
        """Read into a buffer; return the number of bytes."""
        content = self.stream.read(min(len(buffer), self.left + 1))
        self.left -= len(content)
        if self.left < 0:
            raise ReadError(
                f"cannot read {self.named}: it unpacks to more than {self.limit:,} bytes; unpack it if you trust it"
            )
        buffer[: len(content)] = content
        return len(content)


@contextmanager
def _reported(named: str) -> Iterator[None]:
    """Turn errors of reading a file into errors that name it."""
    try:
        yield
    except FileNotFoundError as error:
        raise MissingError(f"cannot read {named}: {error.strerror}; restore it, or correct its path") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        reason = getattr(error, "strerror", None) or error
        raise ReadError(f"cannot read {named}: {reason}; restore it, or correct its path") from None


def read_bytes(path: str | Path, at_most: int, what: str = "") -> bytes:
    """Return the content of a plain file; raise as `open_plain` does."""
    with open_plain(path, at_most, what) as file, _reported(_named(path, what)):
        return file.read(os.fstat(file.fileno()).st_size)


def read_text(path: str | Path, at_most: int, what: str = "") -> str:
    r"""Return a plain file's text without byte order mark, its lines ended by `\n`; raise as `open_plain` does."""
    content = read_bytes(path, at_most, what)
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        problem = f"byte {error.start}, {error.object[error.start]:#04x}, is not UTF-8"
        raise ReadError(f"cannot read {_named(path, what)}: {problem}; save it as UTF-8") from None


def read_toml(path: str | Path, what: str = "") -> dict[str, Any]:
    """Return a TOML file's content; raise as `read_text` does, and `ReadError` if it is not TOML."""
    content: dict[str, Any] = _read(path, TOML_BYTES, what, tomllib.loads)
    return content


def read_json(path: str | Path, what: str = "") -> Any:  # noqa: ANN401
    """Return a JSON file's content; raise as `read_text` does, and `ReadError` for what `parse_json` refuses."""
    return _read(path, JSON_BYTES, what, _loads)


def parse_json(text: str) -> Any:  # noqa: ANN401
    """Parse JSON; raise `ValueError` on one line, also for a key that occurs twice, and for NaN and infinity."""
    return _parse(_loads, text)


def _read(path: str | Path, at_most: int, what: str, loads: Callable[[str], Any]) -> Any:  # noqa: ANN401
    text = read_text(path, at_most, what)
    try:
        return _parse(loads, text)
    except ValueError as error:
        raise ReadError(f"cannot read {_named(path, what)}: {error}; restore it or correct it") from None


def _parse(loads: Callable[[str], Any], text: str) -> Any:  # noqa: ANN401
    try:
        return loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        long = _LONG_NUMBER.search(text)
        if long and "digits" in str(error):  # its message advises to lift the limit
            line = text.count("\n", 0, long.start()) + 1
            raise ValueError(f"a number has more than 4,300 digits (at line {line})") from None
        raise


def _loads(text: str) -> Any:  # noqa: ANN401
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_finite, parse_float=_finite)


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {shortened(twice)} occurs twice")
    return table


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{shortened(text)} is not a finite number")
    return number


def _named(path: str | Path, what: str) -> str:
    return f"{what} {path}".strip()


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # does not wait if a FIFO has taken the file's place


def _kind(mode: int) -> str:
    return next((kind for is_kind, kind in KINDS if is_kind(mode)), "a device")
