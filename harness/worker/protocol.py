"""Frames on a pipe, of batches and answers: a small JSON header, then raw arrays. Nothing is ever unpickled.

A frame is the header's length (8 bytes, little-endian), the header, and the bytes of the arrays
that the header's `arrays` lists by name, dtype and shape.
"""

import dataclasses
import fcntl
import json
import math
import os
import select
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.contract import Batch, LabeledData

MAX_HEADER = 1 << 28
MAX_BYTES = 1 << 40
PIPE_SIZE = 1 << 20  # bytes: with the default of 64 KiB, half the time goes into waiting
POLL_SECONDS = 0.2  # between checks whether a silent side has ended
DTYPES = {"uint8", "int64", "float16", "float32", "float64", "bool"}
MAX_WIDTH = 4096  # columns of an answer: 20,000 rows take 0.3 GB in the scorer, which fits a probe on them


class BrokenFrameError(Exception):
    """The pipe is closed, a frame cannot be read, or nothing came before the deadline."""


class PipeClosedError(BrokenFrameError):
    """The other side is gone."""


class LateError(BrokenFrameError):
    """Nothing came before the deadline."""


class Pipe:
    """Sends and receives frames over two file descriptors, with a deadline for each frame.

    `ended` returns whether the other side's process has ended: the pipe alone does not show it while a forked process
    still has the other ends open.
    """

    def __init__(self, reading: int, writing: int, ended: Callable[[], bool] = lambda: False) -> None:
        self.reading, self.writing, self._ended = reading, writing, ended
        os.set_blocking(writing, False)
        for end in (reading, writing):
            with suppress(OSError, AttributeError):  # not a pipe, not allowed, or not Linux: it is only slower
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, PIPE_SIZE)

    def send(self, fields: Mapping[str, Any], seconds: float | None = None) -> None:
        """Send one frame of arrays and of what JSON can hold, by name.

        Raise `BrokenFrameError` if the other side is gone or does not read.
        """
        # a dtype's name does not give its byte order
        arrays = {
            name: np.asarray(value, value.dtype.newbyteorder("="), order="C")
            for name, value in fields.items() if isinstance(value, np.ndarray)
        }  # fmt: skip
        listed = [(name, array.dtype.name, array.shape) for name, array in arrays.items()]
        header = {name: value for name, value in fields.items() if name not in arrays}
        text = json.dumps({**header, "arrays": listed}).encode()
        deadline = _deadline(seconds)
        parts: list[Any] = [len(text).to_bytes(8, "little"), text]
        for part in parts + [array.reshape(-1).view(np.uint8) for array in arrays.values()]:
            self._write(memoryview(part), deadline)

    def _write(self, data: memoryview, deadline: float) -> None:
        while data:
            if not self._wait(deadline, writing=True):
                raise BrokenFrameError("the other side does not read")
            try:
                data = data[os.write(self.writing, data) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise PipeClosedError("the pipe is closed") from None

    def receive(
        self, seconds: float | None = None, max_header: int = MAX_HEADER, max_bytes: int = MAX_BYTES
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Receive one frame: its header, and its arrays as uint8, int64, float or bool.

        Raise `BrokenFrameError` for anything else that is sent; before reading it, if the header, or all arrays
        together, exceed the given bytes.
        """
        deadline = _deadline(seconds)
        size = int.from_bytes(self._read(8, deadline), "little")
        if size > max_header:
            raise BrokenFrameError(f"a header of {size} bytes, more than {max_header}")
        text = self._read(size, deadline)
        with _strangers_frame():
            header, listed = _parse(bytes(text))
            counts = [math.prod(shape) * np.dtype(dtype).itemsize for _, dtype, shape in listed]
            if sum(counts) > max_bytes:  # numbers of thousands of digits cannot be written
                raise BrokenFrameError(f"{len(listed)} arrays of {sum(counts)} bytes, more than {max_bytes}")
        arrays = {}
        for (name, dtype, shape), count in zip(listed, counts, strict=True):
            data = self._read(count, deadline)
            with _strangers_frame():
                arrays[name] = np.frombuffer(data, dtype).reshape(shape)
        return header, arrays

    def _read(self, count: int, deadline: float) -> bytearray:
        data = bytearray(count)
        view, done = memoryview(data), 0
        while done < count:
            if not self._wait(deadline):
                raise LateError("no answer in time")
            got = os.readv(self.reading, [view[done:]])
            if not got:
                raise PipeClosedError("the pipe is closed")
            done += got
        return data

    def _wait(self, deadline: float, *, writing: bool = False) -> bool:
        """Wait until there is something to read, or room to write; return False when the deadline passes."""
        ends: tuple[list[int], list[int]] = ([], [self.writing]) if writing else ([self.reading], [])
        while True:
            gone = self._ended()  # first: what it wrote before it ended is still read
            left = 0 if gone else min(deadline - time.monotonic(), POLL_SECONDS)
            if any(select.select(*ends, [], max(left, 0))):
                return True
            if gone:
                raise PipeClosedError("the other side has ended")
            if time.monotonic() >= deadline:
                return False


def _deadline(seconds: float | None) -> float:
    return math.inf if seconds is None else time.monotonic() + seconds


def _parse(text: bytes) -> tuple[dict[str, Any], list[tuple[str, str, tuple[int, ...]]]]:
    """Return a header and its arrays' names, dtypes and shapes."""
    header = json.loads(text)
    listed = [(str(n), str(d), tuple(int(k) for k in s)) for n, d, s in header.pop("arrays")]
    for name, dtype, shape in listed:
        if dtype not in DTYPES or any(k < 0 for k in shape):
            raise BrokenFrameError(f"array {name!r:.40} of dtype {dtype!r:.40} and shape {shape!s:.80}")
    return header, listed


@contextmanager
def _strangers_frame() -> Iterator[None]:
    """Turn every error into `BrokenFrameError`: deep nesting, 65 dimensions or long numbers raise many kinds."""
    try:
        yield
    except BrokenFrameError:
        raise
    except Exception as error:
        raise BrokenFrameError(f"a frame that cannot be read: {type(error).__name__}: {error!s:.200}") from None


def batch_from(fields: Mapping[str, Any], name: str) -> Batch:
    """Read the batch of that name from the fields of a frame."""
    return Batch(*(fields.get(f"{name}.{part.name}") for part in dataclasses.fields(Batch)))


def batch_to(batch: Batch, name: str) -> dict[str, Any]:
    """Return a batch as fields of a frame."""
    return {f"{name}.{part}": values for part, values in batch.given.items()}


def data_from(fields: Mapping[str, Any], name: str) -> LabeledData:
    """Read the labeled data of that name from the fields of a frame."""
    prefix = f"{name}.channel_values."
    values = {key.removeprefix(prefix): array for key, array in fields.items() if key.startswith(prefix)}
    labels, num_groups = fields[f"{name}.labels"], fields[f"{name}.num_groups"]
    environments, groups = (fields.get(f"{name}.{column}") for column in ("env_ids", "group_ids"))
    batch, twins = batch_from(fields, name), batch_from(fields, f"{name}.twins")
    return LabeledData(batch, labels, num_groups, environments, groups, values or None, twins if twins.given else None)


def data_to(data: LabeledData, name: str) -> dict[str, Any]:
    """Return labeled data as fields of a frame."""
    twins = {} if data.twins is None else batch_to(data.twins, f"{name}.twins")
    columns = {"labels": data.labels, "num_groups": data.num_groups}
    columns |= {"env_ids": data.env_ids, "group_ids": data.group_ids}
    columns |= {f"channel_values.{channel}": values for channel, values in (data.channel_values or {}).items()}
    given = {f"{name}.{column}": values for column, values in columns.items() if values is not None}
    return batch_to(data.batch, name) | twins | given
