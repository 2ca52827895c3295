"""A CSV file per part, without images: for models that read captions, and for worlds that have no images."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from spurgen.harness.exports import images
from spurgen.harness.exports.columns import Column, columns_of_text, rows_of
from spurgen.harness.exports.plan import Chunk, Plan, Shard, flat

SUMMARY = "a CSV file per part, without images, as pandas and datasets read them"
REQUIRES = ()
RECORDS_IN, ENCODING = "", "text/csv"
OWN_COLUMNS = ()
SHOWS_IMAGES = False
LOADING = """\
from datasets import load_dataset

splits = load_dataset("FOLDER")  # or pandas.read_csv("FOLDER/{part}.csv")"""


def columns(plan: Plan) -> list[Column]:
    """Return the columns of every file."""
    return columns_of_text(plan.scenario)


def file_name(part: str) -> str:
    """Return the name of a part's file."""
    return f"{flat(part)}.csv"


def files(plan: Plan, shard: Shard) -> Iterator[str]:
    """Name a shard's piece of its part's file."""
    del plan
    yield images.piece_name(shard)


def write(plan: Plan, shard: Shard, chunks: Iterable[Chunk], folder: Path) -> None:
    """Write a piece of a part's file."""
    images.write_piece(folder, shard, (rows_of(plan.scenario, chunk) for chunk in chunks))


def finish(plan: Plan, folder: Path) -> list[str]:
    """Join the pieces to a file per part; return their names."""
    names = [column.name for column in columns(plan)]
    for part in plan.parts:
        images.write_table(folder / file_name(part), names, images.lines(folder, plan.shards_of(part)))
    return [file_name(part) for part in plan.parts]


def card(plan: Plan) -> dict[str, str]:
    """Return the file of every part."""
    return {part: file_name(part) for part in plan.parts}


patterns = card
