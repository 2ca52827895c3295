"""Parquet files with images, which Hugging Face's `datasets` decodes, and the names of classes and channel values."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.exports import describing, png
from spurgen.harness.exports.columns import Column, columns_of, values_of
from spurgen.harness.exports.plan import Chunk, Plan, Shard

SUMMARY = "Parquet files with images, as datasets and pandas read them (needs pyarrow)"
OWN_COLUMNS = ("image",)
TYPES = {"text": "string", "whole": "int64", "flag": "bool", "class": "int64"}


def file_name(shard: Shard) -> str:
    """Return the path of a shard."""
    return f"{'twins' if shard.part.startswith('twins/') else 'data'}/{shard.name}.parquet"


def write(plan: Plan, shard: Shard, chunks: Iterable[Chunk], folder: Path) -> None:
    """Write a shard's file, a row group per chunk."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise SpurgenError("writing Parquet needs pyarrow; run pip install 'spurgen[data]'") from None
    columns = columns_of(plan.scenario)
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [("image", image), *((column.name, pa.type_for_alias(TYPES[column.kind])) for column in columns)]
    schema = pa.schema(fields, {"huggingface": json.dumps({"info": {"features": _features(columns)}})})
    path = folder / file_name(shard)
    path.parent.mkdir(exist_ok=True)
    # PNG files cannot be compressed further.
    compression = {"image.bytes": "none"} | dict.fromkeys(["image.path", *(c.name for c in columns)], "snappy")
    with pq.ParquetWriter(path, schema, compression=compression, use_dictionary=_repeated(columns)) as writer:
        for chunk in chunks:
            files = list(png.encode(chunk.samples.images))
            paths = [f"{shard.part}/{chunk.start + k:06d}.png" for k in range(len(files))]
            images = pa.StructArray.from_arrays([pa.array(files, pa.binary()), pa.array(paths)], fields=list(image))
            values = values_of(plan.scenario, chunk)
            arrays = [images, *(pa.array(values[c.name], pa.type_for_alias(TYPES[c.kind])) for c in columns)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _repeated(columns: list[Column]) -> list[str]:
    return ["split", *(column.name for column in columns if column.kind == "class")]


def _features(columns: list[Column]) -> dict[str, dict[str, Any]]:
    """Describe columns as Hugging Face's `Features` do."""
    features: dict[str, dict[str, Any]] = {"image": {"_type": "Image"}}
    for column in columns:
        known = {"names": list(column.names), "_type": "ClassLabel"}
        features[column.name] = known if column.names else {"dtype": TYPES[column.kind], "_type": "Value"}
    return features


def files(plan: Plan, shard: Shard) -> Iterator[str]:
    """Name the file of a shard."""
    del plan
    yield file_name(shard)


def finish(plan: Plan, folder: Path) -> None:
    """Write nothing more."""


def loading(plan: Plan) -> str:
    """Return how the data set is opened."""
    del plan
    return """\
from datasets import load_dataset

splits = load_dataset("FOLDER")  # decoded images; load_dataset("FOLDER", "twins") opens the twins
"""


def card(plan: Plan) -> dict[str, str]:
    """Return the files of every part."""
    return {part: describing.pattern(plan, part, file_name) for part in plan.parts}


def distribution(plan: Plan, folder: Path) -> dict[str, Any]:
    """Describe the files of every part, and a record set for each."""
    return describing.shards_with_columns(plan, folder, file_name, "application/x-parquet", columns_of(plan.scenario))
