"""PNG files in a folder per part, and tables of text that are joined from pieces."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from spurgen.harness.exports import png
from spurgen.harness.exports.plan import WORK, Chunk, Plan, Shard

PIECES = f"{WORK}/pieces"  # a table per shard, until the export is complete


def image_name(part: str, index: int) -> str:
    """Return the path of an image in a data set's folder."""
    return f"{part}/{index:06d}.png"


def names_of(chunk: Chunk) -> list[str]:
    """Return the paths of a chunk's images."""
    return [image_name(chunk.part, chunk.start + k) for k in range(len(chunk.bases))]


def write_images(chunk: Chunk, folder: Path, names: Sequence[str]) -> None:
    """Write a chunk's images, each to its path in a folder."""
    for place in {name.rpartition("/")[0] for name in names}:
        (folder / place).mkdir(parents=True, exist_ok=True)
    for name, content in zip(names, png.encode(chunk.samples.images), strict=True):
        (folder / name).write_bytes(content)


def files(plan: Plan, shard: Shard) -> Iterator[str]:
    """Name the files of a shard: its images, and its piece of the table."""
    del plan
    yield piece_name(shard)
    yield from (image_name(shard.part, k) for k in range(shard.start, shard.stop))


def piece_name(shard: Shard) -> str:
    """Return the path of a shard's piece of the table."""
    return f"{PIECES}/{shard.name}.csv"


def write_piece(folder: Path, shard: Shard, chunks: Iterable[Iterable[Iterable[Any]]]) -> None:
    """Write a shard's lines of the table, chunk by chunk, without the header."""
    path = folder / piece_name(shard)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(chain.from_iterable(chunks))


def lines(folder: Path, shards: Iterable[Shard]) -> Iterator[list[str]]:
    """Yield the lines of shards, in order."""
    for shard in shards:
        with open(folder / piece_name(shard), encoding="utf-8", newline="") as file:
            yield from csv.reader(file)


def write_table(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    """Write a table with a header."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)
