"""Convert batches and labeled data to frames on a worker's pipe, and back."""

from typing import Any

from spurgen.benchmark.contract import Batch, LabeledData
from spurgen.harness.worker.protocol import Arrays

MAX_WIDTH = 4096  # columns of an answer: 20,000 rows take 0.3 GB in the scorer, which fits a probe on them


def batch_from(header: dict[str, Any], arrays: Arrays, name: str) -> Batch:
    """Read the batch of that name from a frame."""
    return Batch(arrays.get(f"{name}.images"), header.get(f"{name}.captions"), arrays.get(f"{name}.features"))


def batch_to(batch: Batch, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write a batch as a frame's header and arrays."""
    header = {} if batch.captions is None else {f"{name}.captions": batch.captions}
    arrays = {"images": batch.images, "features": batch.features}
    return header, {f"{name}.{key}": array for key, array in arrays.items() if array is not None}


def data_from(header: dict[str, Any], arrays: Arrays, name: str) -> LabeledData:
    """Read the labeled data of that name from a frame."""
    prefix = f"{name}.channel."
    values = {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
    twins = batch_from(header, arrays, f"{name}.twins")
    return LabeledData(
        batch_from(header, arrays, name),
        arrays[f"{name}.labels"],
        header[f"{name}.num_groups"],
        arrays.get(f"{name}.env_ids"),
        arrays.get(f"{name}.group_ids"),
        values or None,
        twins if len(twins) else None,
    )


def data_to(data: LabeledData, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write labeled data as a frame's header and arrays."""
    header, arrays = batch_to(data.batch, name)
    if data.twins is not None:
        more = batch_to(data.twins, f"{name}.twins")
        header, arrays = header | more[0], arrays | more[1]
    columns = {"labels": data.labels, "env_ids": data.env_ids, "group_ids": data.group_ids}
    columns |= {f"channel.{key}": values for key, values in (data.channel_values or {}).items()}
    arrays |= {f"{name}.{key}": array for key, array in columns.items() if array is not None}
    return header | {f"{name}.num_groups": data.num_groups}, arrays
