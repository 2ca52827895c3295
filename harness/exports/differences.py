"""Comparing a data set in the format `folder` with the data that their scenario describes."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spurgen.benchmark.errors import MissingError, ReadError
from spurgen.benchmark.reading import open_plain
from spurgen.benchmark.scenario import Scenario
from spurgen.harness.exports.formats.folder import TABLE, local_name, table_columns, table_rows
from spurgen.harness.exports.images import image_name
from spurgen.harness.exports.plan import Plan, Shard, chunks_of

TABLE_BYTES, IMAGE_BYTES = 1 << 30, 1 << 22  # an image of 512 x 512 pixels of noise takes .8 MB


def differences(
    scenario: Scenario, splits: Iterable[str], folder: Path, progress: Callable[[int], None]
) -> Iterator[str]:
    """Yield which files of a folder are not the scenario's and what differs, in the order in which they are written.

    Images are compared by their pixels, tables by their lines. Splits that the folder lacks are left out.
    `progress` is called with the number of images that were compared.
    """
    present = [split for split in splits if (folder / split).is_dir()]
    if not present:
        return
    plan = Plan(scenario, tuple(present), "folder")
    tables = {table: _read_lines(folder / table) for table in (TABLE, *(f"{split}/{TABLE}" for split in present))}
    damaged = next((table for table, found in tables.items() if found.get("file_name") != [table_columns(plan)]), None)
    if damaged:
        yield f"{damaged} is missing, or its columns are not {', '.join(table_columns(plan))}"
        return
    lines = tables[TABLE]
    every = {image_name(split, k) for split in splits for k in range(scenario.split_size(split))}
    yield from _strangers(TABLE, lines, every)
    with ThreadPoolExecutor() as threads:
        for split in present:
            size = scenario.split_size(split)
            names = [image_name(split, k) for k in range(size)]
            extra = {path.name for path in (folder / split).iterdir()} - {TABLE, *map(local_name, names)}
            yield from (f"{split}/{name} is none of the {size} images of {split}" for name in sorted(extra))
            own_table = f"{split}/{TABLE}"
            yield from _strangers(own_table, tables[own_table], map(local_name, names))
            for made in chunks_of(scenario, Shard(split, 0, 1, 0, size)):
                chunk = names[made.start : made.start + len(made.bases)]
                problems = threads.map(_image_problem, [folder / name for name in chunk], made.samples.images)
                for name, problem, row in zip(chunk, problems, table_rows(plan, made), strict=True):
                    local = local_name(name)
                    problem = (
                        problem
                        or _line_problem(plan, TABLE, lines.get(name), row)
                        or _line_problem(plan, own_table, tables[own_table].get(local), (local, *row[1:]))
                    )
                    if problem:
                        yield f"{name} {problem}"
                progress(len(chunk))


def _read_lines(path: Path) -> dict[str, list[list[str]]]:
    """Return the lines of a table by their first value, the header among them; none if it cannot be read."""
    lines: dict[str, list[list[str]]] = {}
    try:
        with open_plain(path, TABLE_BYTES) as content, io.TextIOWrapper(content, encoding="utf-8", newline="") as file:
            for line in filter(None, csv.reader(file)):
                lines.setdefault(line[0], []).append(line)
    except (ReadError, OSError, UnicodeDecodeError, csv.Error):
        return {}
    return lines


def _strangers(table: str, lines: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a table that are of none of these images."""
    strange = sorted(set(lines) - {"file_name", *names})
    yield from (f"{table} has a line of {name}, which is none of the images" for name in strange)


def _image_problem(path: Path, pixels: NDArray[np.uint8]) -> str:
    """Return how an image file differs from pixels, uint8 (H, W, 3), or nothing."""
    try:
        with open_plain(path, IMAGE_BYTES) as content, Image.open(content) as image:
            (width, height), (rows, columns) = image.size, pixels.shape[:2]
            if (height, width) != (rows, columns):  # before it is unpacked
                return f"has {width} x {height} pixels instead of {columns} x {rows}"
            shown = np.asarray(image.convert("RGB"))
    except MissingError:
        return "is missing"
    except (ReadError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # of a broken PNG
        return f"cannot be read as an image: {error}"
    changed = int((shown != pixels).any(axis=2).sum())
    return f"has other pixels, {changed:,} of {rows * columns:,}" if changed else ""


def _line_problem(plan: Plan, table: str, lines: Sequence[list[str]] | None, row: Iterable[Any]) -> str:
    """Return how an image's line in a table differs from the scenario's, or nothing."""
    if not lines:
        return f"has no line in {table}"
    if len(lines) > 1:
        return f"has {len(lines)} lines in {table}"
    (line,), names = lines, table_columns(plan)
    if len(line) != len(names):
        return f"has {len(line)} values in {table} instead of {len(names)}"
    columns = zip(names, line, map(str, row), strict=True)
    wrong = next(((name, actual, right) for name, actual, right in columns if actual != right), None)
    return f"has {wrong[0]} {wrong[1]!r} in {table} instead of {wrong[2]!r}" if wrong else ""
