"""Frozen features of a user's own images or texts: computed once, in parts that stay when a run is stopped."""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spurgen.baselines.training.encoders import SIZE, Features
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.reading import open_plain, read_bytes
from spurgen.harness.evaluation.model import image_batches
from spurgen.harness.machine import pool
from spurgen.harness.machine.images import FILE_BYTES, below
from spurgen.harness.own.data import OwnData
from spurgen.harness.running.encoder_sources import check_half, encoder_of
from spurgen.harness.running.features import CHUNK, cache_file, cached

READING = "2"  # raise it when the same file gives other pixels


@dataclass(frozen=True)
class Part:
    """Consecutive inputs, files below a folder or texts; picklable."""

    inputs: tuple[str, ...]
    folder: Path | None
    half: str
    encoder: str = ""

    def features(self) -> Features:
        """Return the features, float32 (n, d); raise `SubmissionError` if one is not finite."""
        encoder = encoder_of(self.half, self.encoder)
        file = cache_file("own", READING, self._digest(), self.half, encoder.weights)
        return cached(file, (len(self.inputs), encoder.width), self._computed)

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for each in self.inputs:
            content = each.encode() if self.folder is None else read_bytes(below(self.folder, each), FILE_BYTES)
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()

    def _computed(self) -> Features:
        encode = encoder_of(self.half, self.encoder).load()
        if self.folder is None:
            features = encode(self.inputs)
        else:
            batches = image_batches(self.folder, self.inputs, SIZE)
            features = np.concatenate([encode(batch.images) for batch in batches])
        if not np.isfinite(features).all():
            bad = self.inputs[int((~np.isfinite(features)).any(axis=1).argmax())]
            raise SubmissionError(f"the encoder's features of {bad[:80]!r} are not finite; leave the sample out")
        return features


def given_features(path: Path, metadata: Path, data: OwnData) -> Features:
    """Return the features of all samples from a file of NumPy, float32 (n, d), a line for each of the table's.

    Raises `SpurgenError` if it is no such file, has features of another number of samples, or one that is not finite.
    """
    with open_plain(path, sys.maxsize, "the features") as file:
        try:
            found = np.load(file, allow_pickle=False)
        except ValueError as error:
            raise SpurgenError(f"{path} is no file of features: {error}; write it by numpy.save") from None
    if not isinstance(found, np.ndarray) or found.ndim != 2 or found.dtype.kind not in "fiu" or not found.shape[1]:
        has = f"{found.dtype} {found.shape}" if isinstance(found, np.ndarray) else "several arrays"
        raise SpurgenError(f"{path} has {has}, not a row of numbers for each sample; write these by numpy.save")
    if len(found) != data.rows:
        raise SpurgenError(
            f"{path} has features of {len(found):,} samples, but {metadata} has {data.rows:,} lines; each needs its row"
        )
    with np.errstate(over="ignore"):  # said below
        features = found[data.kept].astype(np.float32)
    bad = data.kept[~np.isfinite(features).all(axis=1)]
    if len(bad):
        raise SpurgenError(
            f"{path}: features of {len(bad):,} samples are not finite in float32, first those of row {bad[0]:,} (from "
            "0); leave these samples out"
        )
    return features


def features_of(data: OwnData, encoder: str, processes: int | None, advance: Callable[[int], None]) -> Features:
    """Return the features of all samples, float32 (n, d); `advance` is called with the number of each part's samples.

    `encoder`: as of `encoder_of`. Raises `SubmissionError` if a package is missing, and `SpurgenError` for a file that
    is no image.
    """
    half = "caption" if data.folder is None else "image"
    if encoder:
        check_half(encoder, "text" if half == "caption" else half)
    encoder_of(half, encoder).check_installed()
    parts = [
        Part(tuple(data.inputs[k : k + CHUNK]), data.folder, half, encoder) for k in range(0, len(data.inputs), CHUNK)
    ]
    for part, _ in pool.run(_fill, parts, processes):
        advance(len(part.inputs))
    return np.concatenate([part.features() for part in parts])


def _fill(part: Part) -> int:
    return len(part.features())
