"""The binary file of a row: what the bootstrap reads, packed without loss.

An `.npz` with two uint8 entries, each of which covers all tasks in order; the row's text file lists the shapes.
`correct`: per task and seed, the correct test predictions as bits, ceil(n / 8) bytes. `sums`, (8, N): the sample arrays
of every task, summed over seeds, as whole multiples of 2**-24. It is stored one byte plane after the other, because the
high bytes compress well and the low ones do not. Equal content gives equal files.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import TaskRow

UNIT = 2.0**-24  # the smallest positive float16: every float16 is a whole multiple of it
EPOCH = (1980, 1, 1, 0, 0, 0)  # date of the zip's entries, the earliest that zip allows


class Shape(NamedTuple):
    """A task's numbers of seeds, test samples and base samples, and the names of its sample arrays."""

    seeds: int
    test: int
    bases: int
    names: tuple[str, ...]

    @property
    def correct_bytes(self) -> tuple[int, int]:
        """Shape of the task's correct predictions, packed as bits."""
        return self.seeds, -(-self.test // 8)


def shapes_of(row: Mapping[str, TaskRow]) -> dict[str, Shape]:
    """Return the shapes of the tasks that have samples."""
    return {
        task: Shape(len(part.correct), part.correct.shape[1], len(next(iter(part.sums.values()))), tuple(part.sums))
        for task, part in row.items()
        if len(part.correct)
    }


def to_bytes(row: Mapping[str, TaskRow]) -> bytes:
    """Return the file's content."""
    parts = [part for part in row.values() if len(part.correct)]
    bits = [np.packbits(part.correct, axis=1).ravel() for part in parts]
    units = np.concatenate([total for part in parts for total in part.sums.values()] or [np.empty(0)]) / UNIT
    whole = np.rint(units).astype("<i8")
    assert (whole == units).all(), "sums of rounded samples are whole multiples of UNIT"
    entries = {
        "correct": np.concatenate(bits or [np.empty(0, np.uint8)]),
        "sums": whole.view(np.uint8).reshape(-1, 8).T,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, array in entries.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content.getvalue(), compresslevel=9)
    return buffer.getvalue()


def from_bytes(content: bytes, shapes: Mapping[str, Shape]) -> dict[str, tuple[NDArray[np.bool_], dict[str, Float64]]]:
    """Return every task's `correct`, bool (S, n), and `sums`, float64 (m,) each.

    Raise `SpurgenError` if the content does not have the shapes.
    """
    sizes = [shape.correct_bytes[0] * shape.correct_bytes[1] for shape in shapes.values()]
    numbers = [len(shape.names) * shape.bases for shape in shapes.values()]
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        bits = _read(file, "correct", (sum(sizes),))
        planes = _read(file, "sums", (8, sum(numbers)))
    values = np.ascontiguousarray(planes.T).view("<i8").ravel() * UNIT
    tasks = {}
    parts = zip(shapes.items(), _cut(bits, sizes), _cut(values, numbers), strict=True)
    for (task, shape), task_bits, task_values in parts:
        correct = np.unpackbits(task_bits.reshape(shape.correct_bytes), axis=1, count=shape.test).astype(bool)
        tasks[task] = correct, dict(zip(shape.names, task_values.reshape(len(shape.names), shape.bases), strict=True))
    return tasks


def _cut(array: NDArray, sizes: Iterable[int]) -> list[NDArray]:  # type: ignore[type-arg]
    return np.split(array, np.cumsum(list(sizes)))[:-1]


def _read(file: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    entry = file.getinfo(f"{name}.npy")
    limit = int(np.prod(shape)) + 1024  # for NumPy's header
    if entry.file_size > limit:
        raise SpurgenError(f"{name} unpacks to {entry.file_size} bytes, expected at most {limit}")
    array = np.lib.format.read_array(io.BytesIO(file.read(entry)), allow_pickle=False)
    if array.dtype != np.uint8 or array.shape != shape:
        raise SpurgenError(f"{name} is {array.dtype} of shape {array.shape}, expected uint8 of shape {shape}")
    return array
