"""The result of one cell, (task, submission, seed), as it is kept: typed, versioned, self-describing."""

import base64
import zlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from spurgen.benchmark.errors import MetricError

SCHEMA_VERSION = 1


class PackedArray(BaseModel):
    """Holds an array as base64 of its deflated little-endian bytes; bool arrays are packed to bits first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: Literal["bool", "float16", "float32"]
    size: int = Field(ge=0)
    data: str


def pack(array: NDArray[Any]) -> PackedArray:
    """Packs a one-dimensional array, bool or real.

    Reals are kept as float16, or as float32 where one is too large for it (above 65504): float32
    throughout would make v1's files 1.8 times as large. Raises `MetricError` for one that neither holds.
    """
    if array.dtype == np.bool_:
        return _packed("bool", len(array), np.packbits(array))
    for dtype in ("float16", "float32"):
        with np.errstate(over="ignore"):  # what overflows is looked for below
            narrow = array.astype(np.dtype(dtype).newbyteorder("<"))
        if np.isfinite(narrow).all():
            return _packed(dtype, len(array), narrow)
    worst = array[~np.isfinite(narrow)][0]
    raise MetricError(
        f"samples: found {worst}, expected finite numbers of at most 3.4e38; mend the scores that it comes from"
    )


def _packed(dtype: Literal["bool", "float16", "float32"], size: int, raw: NDArray[Any]) -> PackedArray:
    return PackedArray(dtype=dtype, size=size, data=base64.b64encode(zlib.compress(raw.tobytes(), 9)).decode())


def unpack(packed: PackedArray) -> NDArray[Any]:
    """Returns the array: bool or float64. Raises `MetricError` if the data are not `size` finite values."""
    try:
        raw = zlib.decompress(base64.b64decode(packed.data, validate=True))
    except (ValueError, zlib.error) as error:
        raise MetricError(f"a packed array cannot be read: {error}; score the cell again") from None
    width = np.dtype(packed.dtype).itemsize
    expected = -(-packed.size // 8) if packed.dtype == "bool" else width * packed.size
    if len(raw) != expected:
        what = f"{packed.size} packed {packed.dtype}"
        raise MetricError(f"{what} take {expected} bytes, not {len(raw)}; score the cell again")
    if packed.dtype == "bool":
        return np.unpackbits(np.frombuffer(raw, np.uint8), count=packed.size).astype(bool)
    reals = np.frombuffer(raw, np.dtype(packed.dtype).newbyteorder("<")).astype(np.float64)
    if not np.isfinite(reals).all():
        raise MetricError(f"a packed array holds {reals[~np.isfinite(reals)][0]}; score the cell again")
    return reals


class Report(BaseModel):
    """Holds what a submission tells of its training: self-reported, unlike the figures.

    `curves` has an entry per stage and epoch. A check that is False says that the method did not do
    what it promises, and unranks the row. `selection` names the rule that picked the weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    curves: tuple[dict[str, float | str], ...] = ()
    checks: dict[str, bool] = {}
    selection: str | None = None


class Cell(BaseModel):
    """Holds what one submission reached on one task with one training seed.

    `data_sha256` is the digest of the frozen data, `submission_sha256` that of the submission's source,
    `identity` that of everything the figures depend on: source, options, frozen data, scoring code.
    `figures` are over the whole task, `channels` per channel, `patterns` the accuracy per alignment
    pattern (a string of `a`ligned and `c`onflicting, one letter per channel), `groups` the correct test
    answers per group. `samples` keeps, per sample, what the bootstrap resamples.
    `report` is the submission's own; `selections` maps each selection rule to the test accuracy and
    worst-group accuracy of the weights it picks, where the submission keeps several.
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
    submission_sha256: str
    data_sha256: str
    isolation: str
    verification: Literal["self-reported", "re-run", "private"] = "self-reported"
    error: str | None = None
    figures: dict[str, float] = {}
    channels: dict[str, dict[str, float]] = {}
    patterns: dict[str, float] = {}
    groups: tuple[int, ...] = ()
    samples: dict[str, PackedArray] = {}
    report: Report | None = None
    selections: dict[str, dict[str, float]] = {}
    provenance: dict[str, Any] = {}
