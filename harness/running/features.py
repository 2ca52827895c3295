"""Frozen features of a ladder's parts: computed once per world and encoder, and cached.

A file holds a part's features, float32 (n, d), and their SHA-256. Its name is the digest of everything that they depend
on: the frozen data of the part, the encoder's weights and `VERSION`. So features of other data or another encoder are
never read, and a damaged file is computed again.
"""

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from spurgen.baselines.training.encoders import Encoder, Features
from spurgen.benchmark.errors import ReadError
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.reading import read_bytes
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Rung
from spurgen.generators.ladder.world import sample_part
from spurgen.harness.machine import pool
from spurgen.harness.machine.files import cache_folder, write_cached
from spurgen.harness.running.encoder_sources import encoder_of
from spurgen.harness.splits.freeze import SHARD
from spurgen.harness.splits.verify import check_samples

VERSION = 1  # raise it when the same data and weights give other features
TWINS = "train/free"  # the part that supplies the twins of train
CHUNK = 200  # samples drawn and encoded at a time
SECONDS = {"image": 0.12, "caption": 0.013}  # per sample, on one core of a machine of 2020; used only for forecasts
HALVES = {"image": ("image",), "text": ("caption",), "multimodal": ("image", "caption")}
"""Halves of a sample whose features are concatenated, by modality."""


def features_of(rung: Rung, part: str, frozen: str | None, encoder: str = "") -> Features:
    """Return the features of all samples of a part of a rung's world, float32 (n, d); compute what is not cached.

    `frozen`: the suite whose manifest the data are checked against when they are drawn, or None for one's own ladder.
    `encoder`: as for `encoder_of`. On a multimodal rung, the image features come first. Raises `FrozenDataError` if the
    data differ, and `SubmissionError` if a package is missing or the encoder answers badly.
    """
    parts = [Work(rung.ladder, half, part, frozen, encoder).features() for half in HALVES[rung.modality]]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def cache_file(*names: str) -> Path:
    """Return the file of cached features that depend on these names: digests of data and of weights."""
    key = "/".join([str(VERSION), *names])
    return cache_folder() / "features" / f"{hashlib.sha256(key.encode()).hexdigest()}.f32"


def cached(file: Path, shape: tuple[int, int], compute: Callable[[], Features]) -> Features:
    """Return the features in a file, float32 (n, d); compute and store them if it has none of that shape."""
    known = _read(file, shape[1])
    if known is None or len(known) != shape[0]:
        known = compute()
        content = known.tobytes()
        write_cached(file, content + hashlib.sha256(content).digest())
    return known


def _read(file: Path, width: int) -> Features | None:
    """Return cached features, or None if the file is missing or damaged."""
    try:
        content = read_bytes(file, sys.maxsize)
    except ReadError:
        return None
    body, digest = content[:-32], content[-32:]
    if hashlib.sha256(body).digest() != digest or len(body) % (4 * width):
        return None
    return np.frombuffer(body, np.float32).reshape(-1, width)


@dataclass(frozen=True)
class Work:
    """A part of a ladder to encode; picklable."""

    ladder: Ladder
    half: str
    part: str
    frozen: str | None
    encoder: str = ""

    @property
    def size(self) -> int:
        """Number of samples."""
        return self.ladder.parts[self.part]

    @property
    def file(self) -> Path:
        """File in which the features are cached."""
        data = self.ladder.digest
        if self.frozen is not None:
            data = _loaded(self.frozen).frozen(self.ladder.name).parts[self.part].digest
        return cache_file(data, self.part, self.half, encoder_of(self.half, self.encoder).weights)

    def features(self) -> Features:
        """Return the features, float32 (n, d); compute them if they are not cached."""
        encoder = encoder_of(self.half, self.encoder)
        return cached(self.file, (self.size, encoder.width), lambda: self._computed(encoder))

    def _computed(self, encoder: Encoder) -> Features:
        encoder.check_installed()
        encode, found = encoder.load(), []
        halves = {"images": self.half == "image", "captions": self.half == "caption"}
        for first in range(0, self.size, SHARD):
            shard = sample_part(self.ladder, self.part, range(first, min(first + SHARD, self.size)), **halves)
            if self.frozen is not None:
                check_samples(_loaded(self.frozen), self.ladder.name, self.part, first, shard)
            inputs = shard.images if self.half == "image" else shard.captions
            found += [encode(inputs[k : k + CHUNK]) for k in range(0, len(inputs), CHUNK)]
        return np.concatenate(found)


def missing(rungs: Iterable[Rung], frozen: str | None, encoder: str = "") -> list[Work]:
    """Return the parts of the rungs' worlds whose features are not cached, world by world.

    A rung with a fine-tuned encoder needs none. An `encoder` other than the suite's is profiled by ERM, which needs no
    twins.
    """
    encoded = [rung for rung in rungs if rung.backbone == "frozen"]
    wanted = {(rung.ladder.name, half): rung.ladder for rung in encoded for half in HALVES[rung.modality]}
    work = [Work(ladder, half, part, frozen, encoder) for (_, half), ladder in wanted.items() for part in ladder.parts]
    return [each for each in work if not (encoder and each.part == TWINS) and not each.file.exists()]


def compute(work: Sequence[Work], processes: int | None = None) -> Iterator[int]:
    """Compute and cache features, one part per process; yield each part's number of samples when it is done."""
    for _, count in pool.run(_fill, work, processes):
        yield count


def _fill(work: Work) -> int:
    return len(work.features())


_loaded = lru_cache(maxsize=4)(load_suite)
