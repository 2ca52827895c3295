"""The result of one cell, (task, submission, seed), as it is kept: typed, versioned, self-describing."""

import base64
import zlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from spurgen.benchmark.errors import MetricError


class PackedArray(BaseModel):
    """Holds an array as base64 of its deflated bytes; bool arrays are packed to bits first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: Literal["bool", "float16"]
    size: int = Field(ge=0)
    data: str


def pack(array: NDArray[Any]) -> PackedArray:
    """Packs a one-dimensional array, bool or real; reals are kept as float16."""
    flags = array.dtype == np.bool_
    raw = np.packbits(array).tobytes() if flags else array.astype("<f2").tobytes()
    text = base64.b64encode(zlib.compress(raw, 9)).decode()
    return PackedArray(dtype="bool" if flags else "float16", size=len(array), data=text)


def unpack(packed: PackedArray) -> NDArray[Any]:
    """Returns the array: bool or float64. Raises `MetricError` if the data are not `size` values."""
    try:
        raw = zlib.decompress(base64.b64decode(packed.data, validate=True))
    except (ValueError, zlib.error) as error:
        raise MetricError(f"a packed array cannot be read: {error}; score the cell again") from None
    expected = -(-packed.size // 8) if packed.dtype == "bool" else 2 * packed.size
    if len(raw) != expected:
        what = f"{packed.size} packed {packed.dtype}"
        raise MetricError(f"{what} take {expected} bytes, not {len(raw)}; score the cell again")
    if packed.dtype == "bool":
        return np.unpackbits(np.frombuffer(raw, np.uint8), count=packed.size).astype(bool)
    return np.frombuffer(raw, "<f2").astype(np.float64)


class Cell(BaseModel):
    """Holds what one submission reached on one task with one training seed.

    `data_sha256` is the digest of the frozen data, `identity` that of everything the figures depend
    on: source, options, frozen data, scoring code. `figures` are over the whole task, `channels` per
    channel, `patterns` the accuracy per alignment pattern (a string of `a`ligned and `c`onflicting,
    one letter per channel), `groups` the correct test answers per group. `samples` keeps, per
    sample, what the bootstrap resamples.
    `uncorrelated` marks a reference trained without the correlations, which is never on a leaderboard.
    A failed cell has `error` and no figures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: Literal[1] = 1
    suite: str
    task: str
    submission: str
    spec: str
    options: dict[str, Any]
    access: str
    seed: int
    uncorrelated: bool = False
    identity: str
    data_sha256: str
    isolation: str
    verification: Literal["self-reported", "re-run", "private"] = "re-run"
    error: str | None = None
    figures: dict[str, float] = {}
    channels: dict[str, dict[str, float]] = {}
    patterns: dict[str, float] = {}
    groups: tuple[int, ...] = ()
    samples: dict[str, PackedArray] = {}
    provenance: dict[str, Any] = {}
