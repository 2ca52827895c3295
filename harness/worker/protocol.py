"""Frames on a pipe: a small JSON header, then raw arrays. Nothing is ever unpickled.

A frame is the header's length (8 bytes, little-endian), the header, and the bytes of the arrays
that the header's `arrays` lists by name, dtype and shape.
"""

import fcntl
import json
import math
import os
import select
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_HEADER = 1 << 28
MAX_BYTES = 1 << 40
ROOM = 1 << 20  # bytes on their way: with the 64 KiB that a pipe has at first, half the time goes into waiting
BETWEEN_LOOKS = 0.2  # seconds after which a silent side is looked at
DTYPES = {"uint8", "int64", "float16", "float32", "float64", "bool"}
Arrays = Mapping[str, NDArray[Any]]


class BrokenFrameError(Exception):
    """Marks an end of the pipe, a frame that cannot be read, or a silence past the deadline."""


class PipeClosedError(BrokenFrameError):
    """Marks that the other side has gone."""


class Pipe:
    """Sends and receives frames over two file descriptors, with a deadline for each frame.

    `ended` says whether the other side's process is gone: the pipe alone does not tell where a process
    that it forked holds the other ends still.
    """

    def __init__(self, reading: int, writing: int, ended: Callable[[], bool] = lambda: False) -> None:
        self.reading, self.writing, self._ended = reading, writing, ended
        os.set_blocking(writing, False)
        with suppress(OSError, AttributeError):  # no pipe, not allowed, or not Linux: then it is slower
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, ROOM)

    def send(self, header: Mapping[str, Any], arrays: Arrays | None = None, seconds: float | None = None) -> None:
        """Sends one frame; raises `BrokenFrameError` if the other side is gone or does not read."""
        packed = {name: np.asarray(array, order="C") for name, array in (arrays or {}).items()}
        listed = [(name, array.dtype.name, array.shape) for name, array in packed.items()]
        text = json.dumps({**header, "arrays": listed}).encode()
        deadline = _deadline(seconds)
        parts: list[Any] = [
            len(text).to_bytes(8, "little"),
            text,
            *(a.reshape(-1).view(np.uint8) for a in packed.values()),
        ]
        for part in parts:
            self._write(memoryview(part), deadline)

    def _write(self, data: memoryview, deadline: float) -> None:
        while data:
            if not self._wait(deadline, writing=True):
                raise BrokenFrameError("the other side does not read")
            try:
                data = data[os.write(self.writing, data) :]
            except BlockingIOError:
                continue
            except OSError:
                raise PipeClosedError("the pipe is closed") from None

    def receive(
        self, seconds: float | None = None, max_header: int = MAX_HEADER, max_bytes: int = MAX_BYTES
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Receives one frame: its header, and its arrays as uint8, int64, float or bool.

        Raises `BrokenFrameError` and nothing else, whatever is sent; before it reads them, if the header,
        or all arrays together, exceed the given bytes.
        """
        try:
            return self._receive(_deadline(seconds), max_header, max_bytes)
        except BrokenFrameError:
            raise
        except Exception as error:  # deep nesting, 65 dimensions, sizes past int64: a stranger wrote the frame
            raise BrokenFrameError(f"a frame that cannot be read: {type(error).__name__}: {error!s:.200}") from None

    def _receive(
        self, deadline: float, max_header: int, max_bytes: int
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        size = int.from_bytes(self._read(8, deadline), "little")
        if size > max_header:
            raise BrokenFrameError(f"a header of {size} bytes, more than {max_header}")
        header = json.loads(bytes(self._read(size, deadline)))
        listed = [(str(n), str(d), tuple(int(k) for k in s)) for n, d, s in header.pop("arrays")]
        for name, dtype, shape in listed:
            if dtype not in DTYPES or any(k < 0 for k in shape):
                raise BrokenFrameError(f"array {name!r:.40} of dtype {dtype!r:.40} and shape {shape!s:.80}")
        counts = [math.prod(shape) * np.dtype(dtype).itemsize for _, dtype, shape in listed]
        if sum(counts) > max_bytes:
            raise BrokenFrameError(f"{len(listed)} arrays of {sum(counts)} bytes, more than {max_bytes}")
        arrays = {}
        for (name, dtype, shape), count in zip(listed, counts, strict=True):
            arrays[name] = np.frombuffer(self._read(count, deadline), dtype).reshape(shape)
        return header, arrays

    def _read(self, count: int, deadline: float) -> bytearray:
        data = bytearray(count)
        view, done = memoryview(data), 0
        while done < count:
            if not self._wait(deadline):
                raise BrokenFrameError("no answer in time")
            got = os.readv(self.reading, [view[done:]])
            if not got:
                raise PipeClosedError("the pipe is closed")
            done += got
        return data

    def _wait(self, deadline: float, *, writing: bool = False) -> bool:
        """Waits until there is something to read, or room to write; says False when the deadline passes."""
        ends: tuple[list[int], list[int]] = ([], [self.writing]) if writing else ([self.reading], [])
        while True:
            gone = self._ended()  # asked first: what it wrote before it ended is still read
            left = 0 if gone else min(deadline - time.monotonic(), BETWEEN_LOOKS)
            if any(select.select(*ends, [], max(left, 0))):
                return True
            if gone:
                raise PipeClosedError("the other side has ended")
            if time.monotonic() >= deadline:
                return False


def _deadline(seconds: float | None) -> float:
    return math.inf if seconds is None else time.monotonic() + seconds
