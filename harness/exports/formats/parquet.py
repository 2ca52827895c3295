"""Parquet files with images, which Hugging Face's `datasets` decodes, and the names of classes and channel values."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spurgen.harness.exports.columns import Column, columns_of, values_of
from spurgen.harness.exports.images import Line, encode
from spurgen.harness.exports.parquet_files import IMAGE, Feature, class_of, parquet_file, value_of
from spurgen.harness.exports.plan import Chunk, Plan, Shard

SUMMARY = "Parquet files with images, as datasets and pandas read them (needs pyarrow)"
REQUIRES = ("pyarrow",)
RECORDS_IN, ENCODING = "", "application/x-parquet"
OWN_COLUMNS = ("image",)
LOADING = """\
from datasets import load_dataset

splits = load_dataset("FOLDER")  # decoded images; load_dataset("FOLDER", "twins") opens the twins"""
TYPES = {"text": "string", "whole": "int64", "flag": "bool"}


def columns(plan: Plan) -> list[Column]:
    """Return the columns beside `image`."""
    return list(columns_of(plan.scenario))


def files(plan: Plan, shard: Shard) -> Iterator[str]:
    """Name the file of a shard."""
    del plan
    yield f"{_folder(shard.part)}/{shard.name}.parquet"


def _folder(part: str) -> str:
    return "twins" if part.startswith("twins/") else "data"


def write(plan: Plan, shard: Shard, chunks: Iterable[Chunk], folder: Path) -> None:
    """Write a shard's file, a row group per chunk."""
    columns = columns_of(plan.scenario)
    path = folder.joinpath(*files(plan, shard))
    path.parent.mkdir(exist_ok=True)
    with parquet_file(path, _features(columns), _repeated(columns)) as write_rows:
        for chunk in chunks:
            images = [
                {"bytes": content, "path": f"{shard.part}/{k:06d}.png"}
                for k, content in enumerate(encode(chunk.samples.images), chunk.start)
            ]
            write_rows({"image": images} | values_of(plan.scenario, chunk))


def _repeated(columns: Sequence[Column]) -> list[str]:
    return ["split", *(column.name for column in columns if column.kind == "class")]


def _features(columns: Sequence[Column]) -> dict[str, Feature]:
    kinds = {
        column.name: class_of(column.names) if column.names else value_of(TYPES[column.kind]) for column in columns
    }
    return {"image": IMAGE} | kinds


def tables(plan: Plan) -> dict[str, Iterable[Line]]:
    """Return nothing: a sample's columns are beside its image."""
    del plan
    return {}


def card(plan: Plan) -> dict[str, str]:
    """Return the files of every part."""
    return {part: f"{_folder(part)}/{plan.pattern(part)}.parquet" for part in plan.parts}


patterns = card
