"""Frames on a pipe: a small JSON header, then raw arrays. Nothing is ever unpickled.

A frame is the header's length (8 bytes, little-endian), the header, and the bytes of the arrays
that the header's `arrays` lists by name, dtype and shape.
"""

import json
import math
import os
import select
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_HEADER = 1 << 28
DTYPES = {"uint8", "int64", "float16", "float32", "float64", "bool"}
Arrays = Mapping[str, NDArray[Any]]


class BrokenFrameError(Exception):
    """Marks an end of the pipe, a header that is not one, or a silence past the deadline."""


class Pipe:
    """Sends and receives frames over two file descriptors, with a deadline for each frame."""

    def __init__(self, reading: int, writing: int) -> None:
        self.reading, self.writing = reading, writing
        os.set_blocking(writing, False)

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
            if not select.select([], [self.writing], [], _left(deadline))[1]:
                raise BrokenFrameError("the other side does not read")
            try:
                data = data[os.write(self.writing, data) :]
            except BlockingIOError:
                continue
            except OSError:
                raise BrokenFrameError("the pipe is closed") from None

    def receive(
        self, seconds: float | None = None, max_header: int = MAX_HEADER, max_bytes: int = 1 << 40
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Receives one frame: its header, and its arrays as uint8, int64, float or bool.

        Raises `BrokenFrameError`, before it reads them, if header or arrays exceed the given bytes.
        """
        deadline = _deadline(seconds)
        size = int.from_bytes(self._read(8, deadline), "little")
        if size > max_header:
            raise BrokenFrameError(f"a header of {size} bytes, more than {max_header}")
        try:
            header = json.loads(bytes(self._read(size, deadline)))
            listed = [(str(n), str(d), tuple(int(k) for k in s)) for n, d, s in header.pop("arrays")]
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise BrokenFrameError(f"a header that cannot be read: {error}") from None
        arrays = {}
        for name, dtype, shape in listed:
            if dtype not in DTYPES or any(k < 0 for k in shape):
                raise BrokenFrameError(f"array {name!r} of dtype {dtype!r:.40} and shape {shape}")
            count = math.prod(shape) * np.dtype(dtype).itemsize
            if count > max_bytes:
                raise BrokenFrameError(f"array {name!r} of {count} bytes, more than {max_bytes}")
            arrays[name] = np.frombuffer(self._read(count, deadline), dtype).reshape(shape)
        return header, arrays

    def _read(self, count: int, deadline: float) -> bytearray:
        data = bytearray(count)
        view, done = memoryview(data), 0
        while done < count:
            if not select.select([self.reading], [], [], _left(deadline))[0]:
                raise BrokenFrameError("no answer in time")
            got = os.readv(self.reading, [view[done:]])
            if not got:
                raise BrokenFrameError("the pipe is closed")
            done += got
        return data


def _deadline(seconds: float | None) -> float:
    return math.inf if seconds is None else time.monotonic() + seconds


def _left(deadline: float) -> float | None:
    return None if deadline == math.inf else max(deadline - time.monotonic(), 0)
