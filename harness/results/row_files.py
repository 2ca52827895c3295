"""The two files of a row: its text, and its per-sample arrays, packed without loss.

The text has a line with what all results share, a line per result, and a line with the SHA-256 above it. The arrays are
an `.npz` with up to three uint8 entries, each of which covers all tasks in order; the row's text file lists the shapes.
`correct`: per task and seed, the correct test predictions as bits, ceil(n / 8) bytes. `sums`, (8, N): the sample arrays
of every task, summed over seeds, as whole multiples of 2**-24. It is stored one byte plane after the other, because the
high bytes compress well and the low ones do not. `predicted`: per task and seed, the predicted classes of families, row
by row; older files have none. Equal content gives equal files.
"""

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from spurgen.benchmark.errors import ReadError, checked, shortened
from spurgen.benchmark.reading import parse_json
from spurgen.benchmark.result import SCHEMA_VERSION, Environment, Result
from spurgen.benchmark.world import MAX_SAMPLES, MAX_TWINS
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.rows import Classes, TaskRow

UNIT = 2.0**-24  # the smallest positive float16: every float16 is a whole multiple of it
MAX_BYTES = 1 << 27  # in memory, of the arrays of a row; v4's largest take .5 MB
MAX_SEEDS = 10_000
MAX_COLUMNS = 1 << 15
HEADERS = 2048  # bytes that NumPy's headers take at most
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of compression; with others zipfile unpacks without a limit
EPOCH = (1980, 1, 1, 0, 0, 0)  # date of the zip's entries, the earliest that zip allows
LINE_CHARACTERS = 1 << 22  # a submission's report takes at most a quarter of it
SHARED = ("suite", "submission", "spec", "options", "access", "submission_sha256", "isolation", "uncorrelated")


class Shape(NamedTuple):
    """A task's numbers of seeds, test samples and base samples, and the names of its sample arrays.

    `families` and `columns`: rows and columns of a seed's predicted classes.
    """

    seeds: Annotated[int, Field(ge=1, le=MAX_SEEDS)]
    test: Annotated[int, Field(ge=1, le=MAX_SAMPLES)]
    bases: Annotated[int, Field(ge=1, le=MAX_TWINS)]
    names: tuple[str, ...]
    families: Annotated[int, Field(ge=0, le=MAX_TWINS)] = 0
    columns: Annotated[int, Field(ge=0, le=MAX_COLUMNS)] = 0

    @property
    def correct_bytes(self) -> tuple[int, int]:
        """Shape of the task's correct predictions, packed as bits."""
        return self.seeds, -(-self.test // 8)

    @property
    def bytes(self) -> int:
        """Size of the task's arrays in memory."""
        return self.seeds * self.test + 8 * self.bases * len(self.names) + self.predicted_bytes

    @property
    def predicted_bytes(self) -> int:
        """Size of the task's predicted classes."""
        return self.seeds * self.families * self.columns


class Arrays(NamedTuple):
    """A task's arrays, in the order of the fields of `TaskRow`."""

    correct: NDArray[np.bool_]
    sums: dict[str, Float64]
    predicted: Classes


def shapes_of(row: Mapping[str, TaskRow]) -> dict[str, Shape]:
    """Return the shapes of the tasks that have samples."""
    shapes = {}
    for task, part in row.items():
        if len(part.correct):
            (seeds, test), (_, families, columns) = part.correct.shape, part.predicted.shape
            bases = next(map(len, part.sums.values()), 1)  # a task without twins has no sums
            shapes[task] = Shape(seeds, test, bases, tuple(part.sums), families, columns)
    return shapes


def to_bytes(row: Mapping[str, TaskRow]) -> bytes:
    """Return the file's content; raise `ReadError` if it could not be read again."""
    _check_size(shapes_of(row))
    parts = [part for part in row.values() if len(part.correct)]
    bits = [np.packbits(part.correct, axis=1).ravel() for part in parts]
    units = np.concatenate([total for part in parts for total in part.sums.values()] or [np.empty(0)]) / UNIT
    whole = np.rint(units).astype("<i8")
    assert (whole == units).all(), "sums of rounded samples are whole multiples of UNIT"
    entries = {
        "correct": np.concatenate(bits or [np.empty(0, np.uint8)]),
        "sums": whole.view(np.uint8).reshape(-1, 8).T,
    }
    predicted = [part.predicted.ravel() for part in parts if part.predicted.size]
    if predicted:
        entries["predicted"] = np.concatenate(predicted)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, array in entries.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content.getvalue(), compresslevel=6)  # 9 takes ten times as long for a sixth less
    return buffer.getvalue()


def unpack(content: bytes, at_most: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of an `.npz` file, read-only, by name.

    Raises `ReadError` on one line, without the file's name, if the content is not that of an `.npz` file or if its
    arrays take more than `at_most` bytes: those that the file declares, and those that it unpacks to.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            entries = file.infolist()
            declared = sum(entry.file_size for entry in entries)
            if declared > at_most:
                raise ReadError(f"it unpacks to {declared:,} bytes, expected at most {at_most:,}")
            return {entry.filename.removesuffix(".npy"): _array(file, entry) for entry in entries}
    except ReadError:
        raise
    # On damaged bytes zipfile, zlib and NumPy's reader of headers raise at least nine kinds of errors, none of them
    # documented.
    except Exception as error:
        raise ReadError(f"{type(error).__name__}: {' '.join(str(error).split())}") from None


def _array(file: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """Return an entry's array; NumPy's own reader allocates the shape in the header before it reads."""
    if entry.compress_type not in METHODS:
        raise ReadError(f"{shortened(entry.filename)} is compressed by method {entry.compress_type}, expected deflate")
    with file.open(entry) as stream:
        content = stream.read(entry.file_size + 1)  # `read()` would unpack all there is
    header = io.BytesIO(content)
    if np.lib.format.read_magic(header) != (1, 0):
        raise ReadError(f"{shortened(entry.filename)} is not in version 1.0 of NumPy's format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(header)
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or size != len(content) - header.tell():
        raise ReadError(f"{shortened(entry.filename)} has {len(content) - header.tell()} bytes for {dtype} {shape}")
    return np.ndarray(shape, dtype, content, header.tell(), order="F" if fortran else "C")


def from_bytes(content: bytes, shapes: Mapping[str, Shape]) -> dict[str, Arrays]:
    """Return every task's arrays, as in `TaskRow`.

    Raise `ReadError` if the content does not have the shapes, or takes more than `MAX_BYTES`.
    """
    _check_size(shapes)
    sizes = [shape.correct_bytes[0] * shape.correct_bytes[1] for shape in shapes.values()]
    numbers = [len(shape.names) * shape.bases for shape in shapes.values()]
    predictions = [shape.predicted_bytes for shape in shapes.values()]
    arrays = unpack(content, sum(sizes) + 8 * sum(numbers) + sum(predictions) + HEADERS)
    bits = _entry(arrays, "correct", (sum(sizes),))
    planes = _entry(arrays, "sums", (8, sum(numbers)))
    values = np.ascontiguousarray(planes.T).view("<i8").ravel() * UNIT
    classes = _entry(arrays, "predicted", (sum(predictions),)) if any(predictions) else np.empty(0, np.uint8)
    tasks = {}
    parts = zip(shapes.items(), _cut(bits, sizes), _cut(values, numbers), _cut(classes, predictions), strict=True)
    for (task, shape), task_bits, task_values, task_classes in parts:
        tasks[task] = Arrays(
            np.unpackbits(task_bits.reshape(shape.correct_bytes), axis=1, count=shape.test).astype(bool),
            dict(zip(shape.names, task_values.reshape(len(shape.names), shape.bases), strict=True)),
            task_classes.reshape(shape.seeds, shape.families, shape.columns),
        )
    return tasks


def _cut(array: NDArray, sizes: Iterable[int]) -> list[NDArray]:  # type: ignore[type-arg]
    return np.split(array, np.cumsum(list(sizes)))[:-1]


def _check_size(shapes: Mapping[str, Shape]) -> None:
    size = sum(shape.bytes for shape in shapes.values())
    if size > MAX_BYTES:
        raise ReadError(f"its arrays take {size:,} bytes, at most {MAX_BYTES:,}; run fewer tasks or seeds in one row")


def _entry(arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    array = arrays.get(name)
    if array is None or array.dtype != np.uint8 or array.shape != shape:
        actual = "missing" if array is None else f"{array.dtype} of shape {array.shape}"
        raise ReadError(f"the array {name} is {actual}, expected uint8 of shape {shape}")
    return array


def to_text(row: Mapping[str, TaskRow], arrays_sha256: str) -> str:
    """Return the text of a row."""
    results = [result for part in row.values() for result in part.results]
    dumped = [result.model_dump(exclude_defaults=True) for result in results]
    environments = list(
        {_compact(d["provenance"]["environment"]): d["provenance"]["environment"] for d in dumped}.values()
    )
    shared = {key: dumped[0].get(key) for key in SHARED if all(d.get(key) == dumped[0].get(key) for d in dumped)}
    for line in dumped:
        if line["data_sha256"] == row[line["task"]].results[0].data_sha256:
            del line["data_sha256"]
        line["provenance"]["environment"] = environments.index(line["provenance"]["environment"])
    head = {
        "schema_version": SCHEMA_VERSION,
        "shared": {key: value for key, value in shared.items() if value is not None},
        "environments": environments,
        "data_sha256": {task: part.results[0].data_sha256 for task, part in row.items()},
        "arrays": shapes_of(row),
        "arrays_sha256": arrays_sha256,
    }
    lines = [head, *({key: value for key, value in line.items() if key not in shared} for line in dumped)]
    body = "".join(f"{_compact(line)}\n" for line in lines)
    return f"{body}{_compact({'sha256': hashlib.sha256(body.encode()).hexdigest()})}\n"


def _compact(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


class Head(BaseModel):
    """The first line of a row's text: what its results share, and the shapes by task and SHA-256 of its arrays."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: int
    shared: dict[str, JsonValue]
    environments: tuple[Environment, ...]
    data_sha256: dict[str, str]
    arrays: dict[str, Shape]
    arrays_sha256: str


def parse(content: str) -> tuple[Head, dict[str, list[Result]]]:
    """Return the head of a row's text and its results by task.

    Raise `ReadError`, which names the line but not the file, if the text is damaged.
    """
    lines = content.splitlines(keepends=True)
    first, last = parse_line(lines, 1), parse_line(lines, len(lines))
    if first.get("schema_version") != SCHEMA_VERSION:
        version = shortened(first.get("schema_version"))
        raise ReadError(f"schema version {version}, and this spurgen reads {SCHEMA_VERSION}")
    if hashlib.sha256("".join(lines[:-1]).encode()).hexdigest() != last.get("sha256"):
        raise ReadError("the text does not match its SHA-256, so it was edited or is not whole")
    head = checked(Head.model_validate, first, _at_line(1))
    results: dict[str, list[Result]] = {}
    for number in range(2, len(lines)):
        result = checked(Result.model_validate, _completed(parse_line(lines, number), head), _at_line(number))
        results.setdefault(result.task, []).append(result)
    for task, of_task in results.items():
        _check_seeds(task, of_task, head.arrays.get(task))
    return head, results


def parse_line(lines: Sequence[str], number: int) -> dict[str, Any]:
    """Return the JSON object on a line, counted from 1; raise `ReadError` if there is none."""
    if not 0 < number <= len(lines):
        raise ReadError("it is empty")
    line = lines[number - 1]
    if len(line) > LINE_CHARACTERS:
        raise ReadError(f"line {number} has {len(line):,} characters, at most {LINE_CHARACTERS:,}")
    try:
        value = parse_json(line)
    except ValueError as error:
        raise ReadError(f"line {number}: {error}") from None
    if not isinstance(value, dict):
        raise ReadError(f"line {number}: {shortened(value)}, expected an object")
    return value


def _at_line(number: int) -> Callable[[str], ReadError]:
    return lambda why: ReadError(f"line {number}: {why}")


def _completed(line: dict[str, Any], head: Head) -> dict[str, Any]:
    """Return a result's line completed from the head; fields that do not fit are left for validation to report."""
    fields = {**head.shared, **line}
    match fields:
        case {"task": str(task)} if task in head.data_sha256:
            fields.setdefault("data_sha256", head.data_sha256[task])
    match fields:
        case {"provenance": {"environment": int(place)}} if 0 <= place < len(head.environments):
            fields["provenance"] = {**fields["provenance"], "environment": head.environments[place]}
    return fields


def _check_seeds(task: str, results: Sequence[Result], shape: Shape | None) -> None:
    seeds = [result.seed for result in results]
    if seeds != sorted(set(seeds)):
        raise ReadError(f"task {task}: its seeds are {shortened(seeds)}, expected each once and in ascending order")
    finished = sum(result.error is None for result in results)
    if shape is not None and shape.seeds != finished:
        raise ReadError(f"arrays.{task}: {shape.seeds} seeds, expected those of {finished} results without an error")
