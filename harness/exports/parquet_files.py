"""Parquet files with columns described as Hugging Face's `datasets` does, so that it decodes images and classes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spurgen.benchmark.packages import check_packages

Feature = Mapping[str, Any]
"""A column in the words of `datasets.Features`: `IMAGE`, `value_of(type)` or `class_of(names)`."""
IMAGE: Feature = {"_type": "Image"}
Write = Callable[[Mapping[str, Sequence[Any]]], None]


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
