"""PNG files in a folder per part, and tables."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spurgen.harness.exports import png
from spurgen.harness.exports.plan import Chunk, Plan, Shard, chunks_of

Line = tuple[Any, ...]


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


def write(plan: Plan, shard: Shard, chunks: Iterable[Chunk], folder: Path) -> None:
    """Write a shard's images."""
    del plan, shard
    for chunk in chunks:
        write_images(chunk, folder, names_of(chunk))


def files(plan: Plan, shard: Shard) -> Iterator[str]:
    """Name a shard's images."""
    del plan
    return (image_name(shard.part, k) for k in range(shard.start, shard.stop))


def table(plan: Plan, lines_of: Callable[[Plan, Chunk], Iterable[Line]], parts: Sequence[str]) -> Iterator[Line]:
    """Yield the names of the format's columns, then the lines that `lines_of` makes of each chunk of some parts.

    The samples are made again, without images, which takes a tenth of the time.
    """
    yield tuple(column.name for column in plan.form.columns(plan))
    for shard in plan.shards():
        if shard.part in parts:
            for chunk in chunks_of(plan.scenario, shard, images=False):
                yield from lines_of(plan, chunk)
