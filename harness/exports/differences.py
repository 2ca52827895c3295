"""Comparing a data set in the format `folder` with the data that their scenario describes."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spurgen.benchmark.errors import MissingError, ReadError
from spurgen.benchmark.reading import open_plain
from spurgen.benchmark.scenario import Scenario
from spurgen.harness.exports.formats.folder import TABLE, tables
from spurgen.harness.exports.images import Line, files, names_of
from spurgen.harness.exports.plan import Plan, Shard, chunks_of
from spurgen.harness.machine.images import open_image

TABLE_BYTES, IMAGE_BYTES = 1 << 30, 1 << 22  # an image of 512 x 512 pixels of noise takes .8 MB


def differences(
    scenario: Scenario, splits: Sequence[str], folder: Path, progress: Callable[[int], None]
) -> Iterator[str]:
    """Yield the differences of a folder's files from the scenario's: in tables the first line, and every image.

    Images are compared by their pixels. Splits that the folder lacks are left out. `progress` is called with the number
    of images that were compared.
    """
    absent = tuple(f"{split}/" for split in splits if not (folder / split).is_dir())
    plan = Plan(scenario, tuple(split for split in splits if f"{split}/" not in absent), "folder")
    for table, lines in tables(plan).items() if plan.parts else ():
        problem = _table_problem(folder / table, lines, absent)
        if problem:
            yield f"{table}{problem}"
    with ThreadPoolExecutor() as threads:
        for part, size in plan.sizes.items():
            whole = Shard(part, 0, 1, 0, size)
            extra = {f"{part}/{path.name}" for path in (folder / part).iterdir()} - {*files(plan, whole)}
            for name in sorted(extra - {f"{part}/{TABLE}"}):
                yield f"{name} is none of the {size} images of {part}"
            for chunk in chunks_of(scenario, whole):
                names = names_of(chunk)
                problems = threads.map(_image_problem, [folder / name for name in names], chunk.samples.images)
                yield from (f"{name} {problem}" for name, problem in zip(names, problems, strict=True) if problem)
                progress(len(names))


def _table_problem(path: Path, lines: Iterable[Line], absent: tuple[str, ...]) -> str:
    """Return where a table first differs from these lines, or nothing; its lines of absent splits are left out."""
    try:
        with open_plain(path, TABLE_BYTES) as content, io.TextIOWrapper(content, encoding="utf-8", newline="") as file:
            found = [line for line in csv.reader(file) if line and not line[0].startswith(absent)]
    except (ReadError, OSError, UnicodeDecodeError, csv.Error) as error:
        return f" cannot be read: {error}"
    for number, pair in enumerate(zip_longest(found, lines, fillvalue=()), 1):
        for actual, right in zip_longest(*pair, fillvalue=""):
            if actual != str(right):
                return f", line {number}, has {actual!r} instead of {str(right)!r}"
    return ""


def _image_problem(path: Path, pixels: NDArray[np.uint8]) -> str:
    """Return how an image file differs from pixels, uint8 (H, W, 3), or nothing."""
    try:
        with open_image(path, IMAGE_BYTES) as image:
            (width, height), (rows, columns) = image.size, pixels.shape[:2]
            if (height, width) != (rows, columns):  # before it is unpacked
                return f"has {width} x {height} pixels instead of {columns} x {rows}"
            shown = np.asarray(image.convert("RGB"))
    except MissingError:
        return "is missing"
    except ReadError as error:
        return f"cannot be read as an image: {error}"
    changed = int((shown != pixels).any(axis=2).sum())
    return f"has other pixels, {changed:,} of {rows * columns:,}" if changed else ""
