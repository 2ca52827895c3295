"""PNG files with metadata.csv: for people, pandas and Hugging Face's `imagefolder`."""

from collections.abc import Iterable, Iterator

from spurgen.harness.exports import images
from spurgen.harness.exports.images import Line
from spurgen.harness.exports.plan import Chunk, Column, Plan, columns_of_text, rows_of

SUMMARY = "PNG files and metadata.csv, as Hugging Face's imagefolder reads them"
TABLE = RECORDS_IN = "metadata.csv"
OWN_COLUMNS = ("file_name", "image", "*_file_name")  # imagefolder makes images of the first and the last
LOADING = """\
from datasets import load_dataset

splits = load_dataset("imagefolder", data_dir="FOLDER")  # an image, a label and all other columns per sample"""
files, write = images.files, images.write


def columns(plan: Plan) -> list[Column]:
    """Return the columns of metadata.csv."""
    return [Column("file_name", "text", "path of the image"), *columns_of_text(plan.scenario)]


def tables(plan: Plan) -> dict[str, Iterable[Line]]:
    """Return the lines of metadata.csv, and of one in each part's folder.

    Without the latter, `imagefolder` takes the splits' names for labels.
    """
    made: dict[str, Iterable[Line]] = {TABLE: images.table(plan, _lines, plan.parts)}
    return made | {f"{part}/{TABLE}": images.table(plan, _own_lines, [part]) for part in plan.parts}


def _lines(plan: Plan, chunk: Chunk) -> Iterator[Line]:
    return ((name, *row) for name, row in zip(images.names_of(chunk), rows_of(plan.scenario, chunk), strict=True))


def _own_lines(plan: Plan, chunk: Chunk) -> Iterator[Line]:
    return ((name.rpartition("/")[2], *row) for name, *row in _lines(plan, chunk))


def card(plan: Plan) -> dict[str, str]:
    """Return the files of every part."""
    return {part: f"{part}/*" for part in plan.parts}


def patterns(plan: Plan) -> dict[str, str]:
    """Return the images of every part."""
    return {part: f"{part}/*.png" for part in plan.parts}
