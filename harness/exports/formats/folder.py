"""PNG files with metadata.csv: for people, pandas and Hugging Face's `imagefolder`."""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from spurgen.harness.exports import images
from spurgen.harness.exports.columns import Column, columns_of_text, rows_of
from spurgen.harness.exports.plan import Chunk, Plan, Shard

SUMMARY = "PNG files and metadata.csv, as Hugging Face's imagefolder reads them"
TABLE = RECORDS_IN = "metadata.csv"
ENCODING = "image/png"
REQUIRES = ()
OWN_COLUMNS = ("file_name", "image", "*_file_name")  # imagefolder makes images of the first and the last
LOADING = """\
from datasets import load_dataset

splits = load_dataset("imagefolder", data_dir="FOLDER")  # an image, a label and all other columns per sample"""
files = images.files


def columns(plan: Plan) -> list[Column]:
    """Return the columns of metadata.csv."""
    return [Column("file_name", "text", "path of the image"), *columns_of_text(plan.scenario)]


def table_columns(plan: Plan) -> list[str]:
    """Name the columns of metadata.csv."""
    return [column.name for column in columns(plan)]


def table_rows(plan: Plan, chunk: Chunk) -> Iterable[tuple[Any, ...]]:
    """Return the lines of metadata.csv."""
    return ((name, *row) for name, row in zip(images.names_of(chunk), rows_of(plan.scenario, chunk), strict=True))


def local_name(name: str) -> str:
    """Return the path of an image as the table in its part's folder has it."""
    return name.rpartition("/")[2]


def write(plan: Plan, shard: Shard, chunks: Iterable[Chunk], folder: Path) -> None:
    """Write images and a piece of the table."""

    def lines(chunk: Chunk) -> Iterable[tuple[Any, ...]]:
        images.write_images(chunk, folder, images.names_of(chunk))
        return table_rows(plan, chunk)

    images.write_piece(folder, shard, map(lines, chunks))


def finish(plan: Plan, folder: Path) -> list[str]:
    """Write metadata.csv, and one in each part's folder; return their paths.

    Without the latter, `imagefolder` takes the splits' names for labels.
    """
    names = table_columns(plan)
    images.write_table(folder / TABLE, names, images.lines(folder, plan.shards()))
    for part, shards in groupby(plan.shards(), key=attrgetter("part")):
        own = ([local_name(line[0]), *line[1:]] for line in images.lines(folder, shards))
        images.write_table(folder / part / TABLE, names, own)
    return [TABLE, *(f"{part}/{TABLE}" for part in plan.parts)]


def card(plan: Plan) -> dict[str, str]:
    """Return the files of every part."""
    return {part: f"{part}/*" for part in plan.parts}


def patterns(plan: Plan) -> dict[str, str]:
    """Return the images of every part."""
    return {part: f"{part}/*.png" for part in plan.parts}
