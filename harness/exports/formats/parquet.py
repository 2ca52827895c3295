"""Parquet files with images, which Hugging Face's `datasets` decodes, and the names of classes and channel values.

The files describe their columns as `datasets` does.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spurgen.harness.exports.images import encode
from spurgen.harness.exports.plan import Chunk, Column, Plan, Shard, columns_of, values_of

if TYPE_CHECKING:
    import pyarrow as pa

SUMMARY = "Parquet files with images, as datasets and pandas read them (needs pyarrow)"
REQUIRES = ("pyarrow",)
ENCODING = "application/x-parquet"
OWN_COLUMNS = ("image",)
LOADING = """\
from datasets import load_dataset

splits = load_dataset("FOLDER")  # decoded images; load_dataset("FOLDER", "twins") opens the twins"""
TYPES = {"text": "string", "whole": "int64", "flag": "bool", "class": "int64"}


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
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = columns_of(plan.scenario)
    schema, path = _schema(columns), folder.joinpath(*files(plan, shard))
    path.parent.mkdir(exist_ok=True)
    compression = {column.name: "snappy" for column in columns}
    compression |= {"image.bytes": "none", "image.path": "snappy"}  # PNG files cannot be compressed further
    repeated = ["split", *(column.name for column in columns if column.kind == "class")]
    with pq.ParquetWriter(path, schema, compression=compression, use_dictionary=repeated) as writer:
        for chunk in chunks:
            images = [
                {"bytes": content, "path": f"{shard.part}/{k:06d}.png"}
                for k, content in enumerate(encode(chunk.samples.images), chunk.start)
            ]
            values = {"image": images} | values_of(plan.scenario, chunk)
            arrays = [pa.array(values[field.name], field.type) for field in schema]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _schema(columns: Sequence[Column]) -> "pa.Schema":
    """Return the columns' types, and in the metadata their description in the words of `datasets.Features`."""
    import pyarrow as pa

    features: dict[str, Any] = {"image": {"_type": "Image"}}
    fields = [("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))]
    for each in columns:
        named = {"names": list(each.names), "_type": "ClassLabel"}
        features[each.name] = named if each.names else {"dtype": TYPES[each.kind], "_type": "Value"}
        fields.append((each.name, pa.type_for_alias(TYPES[each.kind])))
    return pa.schema(fields, {"huggingface": json.dumps({"info": {"features": features}})})


def card(plan: Plan) -> dict[str, str]:
    """Return the files of every part."""
    return {part: f"{_folder(part)}/{plan.pattern(part)}.parquet" for part in plan.parts}
