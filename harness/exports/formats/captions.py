"""A CSV file per part, without images: for models that read captions, and for worlds that have no images."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from spurgen.harness.exports import images
from spurgen.harness.exports.images import Line
from spurgen.harness.exports.plan import Chunk, Column, Plan, Shard, columns_of_text, flat, rows_of

SUMMARY = "a CSV file per part, without images, as pandas and datasets read them"
ENCODING = "text/csv"
SHOWS_IMAGES = False
LOADING = """\
from datasets import load_dataset

splits = load_dataset("FOLDER")  # or pandas.read_csv("FOLDER/{part}.csv")"""


def columns(plan: Plan) -> list[Column]:
    """Return the columns of every file."""
    return columns_of_text(plan.scenario)


def files(plan: Plan, shard: Shard) -> Iterator[str]:
    """Name no file: all captions are in tables."""
    del plan, shard
    return iter(())


def write(plan: Plan, shard: Shard, chunks: Iterable[Chunk], folder: Path) -> None:
    """Write nothing; the samples are made for their digests."""
    del plan, shard, folder
    for _ in chunks:
        pass


def tables(plan: Plan) -> dict[str, Iterable[Line]]:
    """Return the lines of the file of every part."""
    return {name: images.table(plan, _lines, [part]) for part, name in card(plan).items()}


def _lines(plan: Plan, chunk: Chunk) -> Iterator[Line]:
    return rows_of(plan.scenario, chunk)


def card(plan: Plan) -> dict[str, str]:
    """Return the file of every part."""
    return {part: f"{flat(part)}.csv" for part in plan.parts}
