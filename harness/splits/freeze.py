"""Freezing: making a suite's manifest, the digests of all its samples."""

import hashlib
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter

import numpy as np

from spurgen.benchmark.contract import CARRIERS_OF, Carrier
from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.manifest import Manifest, Part, ScenarioManifest, Shard
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.world import Description
from spurgen.generators.world import Samples, world_of
from spurgen.harness.machine.pool import explain_stop, hold_signals, process_pool

SHARD = 1000
ALONE = 20_000  # samples that this process makes before others have started
STARTS_OVER = "nothing of this is kept, and the same command starts over"
Digests = list[bytes]
Carriers = Collection[Carrier]


@dataclass(frozen=True)
class ShardDigests:
    """SHA-256 digests of every sample of a shard: of factors, and of pixels and captions if these were made."""

    images: Digests
    captions: Digests
    factors: Digests

    @property
    def shard(self) -> Shard:
        """Record of the shard in the manifest."""
        return Shard(**{name: hashlib.sha256(b"".join(half)).hexdigest() for name, half in self.made.items()})

    @property
    def made(self) -> dict[str, Digests]:
        """Digests of the halves that were made."""
        return {name: half for name, half in vars(self).items() if half}


def digest(samples: Samples) -> ShardDigests:
    """Hash samples by their decoded content, independent of any encoding."""
    columns = [samples.labels, samples.env_ids, samples.group_ids, *samples.channel_values.values()]
    factors = np.ascontiguousarray(np.stack(columns, axis=1).astype("<i8"))
    captions = [caption.encode() for caption in samples.captions]
    halves = ([hashlib.sha256(content).digest() for content in half] for half in (samples.images, captions, factors))
    return ShardDigests(*halves)


def shard_bounds(scenario: Description, part: str) -> list[tuple[int, int]]:
    """List a part's shards, [start, stop); a shard of twins shows one value only."""
    size, run = scenario.parts[part], scenario.run_of(part)
    return [
        (first + start, first + min(start + SHARD, run))
        for first in range(0, size, run)
        for start in range(0, run, SHARD)
    ]


def shown_carriers(suite: Suite, name: str) -> Carriers:
    """Return what some task shows of a world."""
    modalities = {t.modality for t in suite.tasks.values() if any(world.name == name for world in t.worlds)}
    return frozenset(carrier for modality in modalities for carrier in CARRIERS_OF[modality])


def _hash_shard(scenario: Description, carriers: Carriers, part: str, start: int, stop: int) -> ShardDigests:
    return digest(world_of(scenario).draw(part, range(start, stop), carriers))


Progress = Callable[[int], None]


def hash_suite(
    suite: Suite, carriers: Mapping[str, Carriers], progress: Progress, jobs: int | None = None
) -> Iterator[tuple[str, str, ShardDigests]]:
    """Yield (scenario, part, digests) shard by shard, in order, made by `jobs` processes.

    By default there is a process per core, or for few samples this one alone.

    `carriers`: by scenario, what is made. `progress` is called with the number of samples of
    each shard. Raises `SpurgenError` if a process is killed.
    """
    work = [
        (name, part, stop - start, partial(_hash_shard, scenario, carriers[name], part, start, stop))
        for name, scenario in suite.scenarios.items()
        for part in scenario.parts
        for start, stop in shard_bounds(scenario, part)
    ]
    if jobs is None and sum(size for _, _, size, _ in work) < ALONE:
        jobs = 1
    with explain_stop(STARTS_OVER):
        for (name, part, size, _), digests in zip(work, _in_order([shard for *_, shard in work], jobs), strict=True):
            progress(size)
            yield name, part, digests


def _in_order(work: Sequence[Callable[[], ShardDigests]], jobs: int | None) -> Iterator[ShardDigests]:
    """Yield the results of work in its order."""
    if jobs == 1:
        yield from (shard() for shard in work)
        return
    with process_pool(jobs, len(work)) as pool:
        with hold_signals():
            waiting = deque(pool.submit(shard) for shard in work)
        while waiting:
            yield waiting.popleft().result()


def freeze(suite: Suite, progress: Progress = lambda _: None, jobs: int | None = None) -> Manifest:
    """Make the manifest of a suite, without the pixels and captions that no task shows.

    Raises `FrozenDataError` if any test image or caption, twins included, occurs in train or val.
    """
    scenarios = {}
    carriers = {name: shown_carriers(suite, name) for name in suite.scenarios}
    for name, shards in groupby(hash_suite(suite, carriers, progress, jobs), key=itemgetter(0)):
        parts: dict[str, list[ShardDigests]] = {}
        for _, part, digests in shards:
            parts.setdefault(part, []).append(digests)
        check_leakage(name, parts)
        frozen = {part: _part_manifest(digests) for part, digests in parts.items()}
        scenarios[name] = ScenarioManifest(scenario_sha256=suite.scenario(name).digest, parts=frozen)
    return Manifest(suite=suite.name, shard_size=SHARD, scenarios=scenarios)


def _part_manifest(digests: list[ShardDigests]) -> Part:
    return Part(samples=sum(len(d.factors) for d in digests), shards=tuple(d.shard for d in digests))


def check_leakage(name: str, parts: dict[str, list[ShardDigests]]) -> None:
    """Raise `FrozenDataError` that names the sample if test content occurs in train or val.

    A ladder's `seen` and `calibration` show the things of train and val, so a short caption may occur twice, as may one
    that names no thing: beside images, captions are not compared.
    """
    fitted = [part for part in parts if part.partition("/")[0] in ("train", "val")]
    shared = [part for part in parts if "test/agree" in parts and part.partition("/")[0] in ("seen", "calibration")]
    for half in ("images",) if shared and parts["train"][0].images else ("images", "captions"):
        seen = {d: (part, k) for part in fitted for k, d in enumerate(_flat(parts[part], half))}
        for part in [name for name in parts if name not in (*fitted, *shared)]:
            for k, content in enumerate(_flat(parts[part], half)):
                if content in seen:
                    where, index = seen[content]
                    raise FrozenDataError(
                        f"scenario {name}: {half[:-1]} of {part} sample {k} is also that of {where} sample {index}; "
                        "change the scenario's seed"
                    )


def _flat(shards: list[ShardDigests], half: str) -> Iterator[bytes]:
    for digests in shards:
        yield from getattr(digests, half)
