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
from spurgen.benchmark.contract import CARRIERS_OF, Carrier
from spurgen.benchmark.errors import ReadError
from spurgen.benchmark.reading import read_bytes
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Task
from spurgen.benchmark.world import Description
from spurgen.generators.world import world_of
from spurgen.harness.machine import pool
from spurgen.harness.machine.files import cache_folder, write_cached
from spurgen.harness.running.encoder_sources import encoder_of
from spurgen.harness.splits.frozen import SHARD, check_samples

VERSION = 1  # raise it when the same data and weights give other features
TWINS = "train/free"  # the part that supplies the twins of train
CHUNK = 200  # samples drawn and encoded at a time
REMEMBERED = 128  # files whose features a process keeps: about what the rungs of all ladders need in a world
# Per sample, on one core of a machine of 2020; used only for forecasts.
SECONDS: dict[Carrier, float] = {"image": 0.12, "caption": 0.013}


def features_of(task: Task, part: str, frozen: str | None, encoder: str = "") -> Features:
    """Return the features of all samples of a part of a rung's world, float32 (n, d); compute what is not cached.

    `frozen`: the suite whose manifest the data are checked against when they are drawn, or None for one's own ladder.
    `encoder`: as for `encoder_of`. On a multimodal rung, the image features come first. Raises `FrozenDataError` if the
    data differ, and `SubmissionError` if a package is missing or the encoder answers badly.
    """
    rows = world_of(task.scenario).rows_of(part)
    each = [_work(task.scenario, carrier, part, frozen, encoder) for carrier in CARRIERS_OF[task.modality]]
    parts = [work.features()[rows] for work in each]
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
    """Return cached features, read-only, or None if the file is missing or damaged."""
    try:
        state = file.stat()
        return _unchanged(file, width, state.st_mtime_ns, state.st_ino)
    except (OSError, ReadError):
        return None


@lru_cache(maxsize=REMEMBERED)
def _unchanged(file: Path, width: int, *_state: int) -> Features | None:
    """Return what `_read` does; every chunk asks for it; a changed file is read again."""
    content = memoryview(read_bytes(file, sys.maxsize))
    body, digest = content[:-32], content[-32:]
    if hashlib.sha256(body).digest() != digest or len(body) % (4 * width):
        return None
    return np.frombuffer(body, np.float32).reshape(-1, width)


@dataclass(frozen=True)
class Work:
    """A part of a world to encode; picklable."""

    world: Description
    carrier: Carrier
    part: str
    frozen: str | None
    encoder: str = ""

    @property
    def size(self) -> int:
        """Number of samples."""
        return self.world.parts[self.part]

    @property
    def file(self) -> Path:
        """File in which the features are cached."""
        data = self.world.digest
        if self.frozen is not None:
            data = _loaded(self.frozen).frozen(self.world.name).parts[self.part].digest
        return cache_file(data, self.part, self.carrier, encoder_of(self.carrier, self.encoder).weights)

    def features(self) -> Features:
        """Return the features, float32 (n, d); compute them if they are not cached."""
        encoder = encoder_of(self.carrier, self.encoder)
        return cached(self.file, (self.size, encoder.width), lambda: self._computed(encoder))

    def _computed(self, encoder: Encoder) -> Features:
        encoder.check_installed()
        encode, found = encoder.load(), []
        for first in range(0, self.size, SHARD):
            indices = range(first, min(first + SHARD, self.size))
            shard = world_of(self.world).draw(self.part, indices, (self.carrier,))
            if self.frozen is not None:
                check_samples(_loaded(self.frozen), self.world.name, self.part, first, shard)
            (inputs,) = shard.inputs.given.values()
            found += [encode(inputs[k : k + CHUNK]) for k in range(0, len(inputs), CHUNK)]
        return np.concatenate(found)


def _work(world: Description, carrier: Carrier, part: str, frozen: str | None, encoder: str) -> Work:
    """Return what is encoded for a part; a whole file is checked when it is read, and no manifest has its digest."""
    source, encoded = world.encoded(part)
    return Work(source, carrier, encoded, frozen if source is world else None, encoder)


def missing(rungs: Iterable[Task], frozen: str | None, encoder: str = "") -> list[Work]:
    """Return the parts of the rungs' worlds whose features are not cached, world by world.

    A rung with a fine-tuned encoder needs none, nor does one whose samples are features. An `encoder` other than the
    suite's is profiled by ERM, which needs no twins.
    """
    encoded = [rung for rung in rungs if rung.backbone == "frozen" and rung.modality != "features"]
    wanted = {
        (rung.scenario.name, carrier): rung.scenario for rung in encoded for carrier in CARRIERS_OF[rung.modality]
    }
    work = [
        _work(world, carrier, part, frozen, encoder)
        for (_, carrier), world in wanted.items() for part in world.parts if not (encoder and part == TWINS)
    ]  # fmt: skip
    return [each for file, each in {each.file: each for each in work}.items() if not file.exists()]


def compute(work: Sequence[Work], processes: int | None = None) -> Iterator[int]:
    """Compute and cache features, one part per process; yield each part's number of samples when it is done."""
    for _, count in pool.run(_fill, work, processes):
        yield count


def _fill(work: Work) -> int:
    return len(work.features())


_loaded = lru_cache(maxsize=4)(load_suite)
