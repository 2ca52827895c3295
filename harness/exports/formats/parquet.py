"""Parquet files with columns described as Hugging Face's `datasets` does, so that it decodes images and classes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spurgen.benchmark.packages import check_packages
from spurgen.harness.exports.images import Line, encode
from spurgen.harness.exports.plan import Chunk, Column, Plan, Shard, columns_of, values_of

Feature = Mapping[str, Any]
"""A column in the words of `datasets.Features`: `IMAGE`, `value_of(type)` or `class_of(names)`."""
IMAGE: Feature = {"_type": "Image"}
Write = Callable[[Mapping[str, Sequence[Any]]], None]
SUMMARY = "Parquet files with images, as datasets and pandas read them (needs pyarrow)"
REQUIRES = ("pyarrow",)
RECORDS_IN, ENCODING = "", "application/x-parquet"
OWN_COLUMNS = ("image",)
LOADING = """\
from datasets import load_dataset

splits = load_dataset("FOLDER")  # decoded images; load_dataset("FOLDER", "twins") opens the twins"""
TYPES = {"text": "string", "whole": "int64", "flag": "bool"}


def value_of(kind: str) -> Feature:
    """Describe a column of numbers or strings by the name of its type, such as `int64`."""
    return {"dtype": kind, "_type": "Value"}


def class_of(names: Iterable[str]) -> Feature:
    """Describe a column of classes, counted from 0."""
    return {"names": list(names), "_type": "ClassLabel"}


@contextmanager
def parquet_file(path: Path, features: Mapping[str, Feature], repeated: Iterable[str] = ()) -> Iterator[Write]:
    """Yield a function that writes a row group, given the entries of every column; images as `bytes` and `path`.

    `repeated` are the columns with few different entries. Raise `SpurgenError` without pyarrow.
    """
    check_packages(["pyarrow"], "writing Parquet")
    import pyarrow as pa
    import pyarrow.parquet as pq

    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema(
        [
            (name, image if it is IMAGE else pa.type_for_alias(it.get("dtype", "int64")))
            for name, it in features.items()
        ],
        {"huggingface": json.dumps({"info": {"features": features}})},
    )
    compression = {name: "snappy" for name, feature in features.items() if feature is not IMAGE}
    for name in features.keys() - compression.keys():  # PNG files cannot be compressed further
        compression |= {f"{name}.bytes": "none", f"{name}.path": "snappy"}

    with pq.ParquetWriter(path, schema, compression=compression, use_dictionary=list(repeated)) as writer:
        yield lambda values: writer.write_batch(
            pa.record_batch([pa.array(values[field.name], field.type) for field in schema], schema=schema)
        )


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
