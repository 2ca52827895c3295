"""A suite's frozen data: its manifest of digests, and checking that samples are those, shard by shard or all."""

import hashlib
import os
import platform
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from spurgen.benchmark.contract import CARRIERS_OF, Carrier
from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.manifest import Manifest, Part, ScenarioManifest, Shard
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.world import Description
from spurgen.generators.streams import has_numba
from spurgen.generators.world import Samples, world_of
from spurgen.harness.machine.files import cache_folder, write_atomically
from spurgen.harness.machine.pool import explain_stop, hold_signals, process_pool
from spurgen.harness.results.identity import HOME, read

SHARD = 1000
ALONE = 20_000  # samples that this process makes before others have started
STARTS_OVER = "nothing of this is kept, and the same command starts over"
Digests = list[bytes]
Carriers = Collection[Carrier]
Progress = Callable[[int], None]
RESTORE = "restore it from version control"
CURE = "check out the generators that this suite was frozen with, or report it: frozen data must never change"


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
        frozen = {
            part: Part(samples=sum(len(d.factors) for d in digests), shards=tuple(d.shard for d in digests))
            for part, digests in parts.items()
        }
        scenarios[name] = ScenarioManifest(scenario_sha256=suite.scenario(name).digest, parts=frozen)
    return Manifest(suite=suite.name, shard_size=SHARD, scenarios=scenarios)


def extend(suite: Suite, base: Suite, progress: Progress = lambda _: None, jobs: int | None = None) -> Manifest:
    """Make the manifest of a suite of which another has some worlds: worlds that neither had frozen are made.

    Raises as `freeze` does.
    """
    known = dict(base.manifest.scenarios)
    if suite.manifest_file.exists():
        known = suite.manifest.scenarios | known
    kept = {name: known[name] for name in suite.scenarios if name in known}
    tasks = [task.in_world(seed) for task in suite.tasks.values() for seed in range(task.scenario.worlds)]
    fresh = {f"{task.name}, {task.scenario.name}": task for task in tasks if task.scenario.name not in kept}
    made = freeze(replace(suite, tasks=fresh), progress, jobs)
    return made.model_copy(update={"scenarios": kept | made.scenarios})


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


def check_description(suite: Suite, name: str) -> ScenarioManifest:
    """Return a scenario's manifest, whose parts, shards and counts fit the scenario.

    Raises `FrozenDataError` if the scenario's file was changed, or the manifest is damaged.
    """
    scenario, frozen = suite.scenario(name), suite.frozen(name)
    if scenario.digest != frozen.scenario_sha256:
        file = suite.scenario_file(name)
        raise FrozenDataError(
            f"{file} was edited: expected SHA-256 {frozen.scenario_sha256}, found {scenario.digest}; "
            "restore it from version control, or copy it under another name: a version of a suite never changes"
        )
    problem = _damage(suite, name, frozen)
    if problem:
        raise FrozenDataError(f"{suite.manifest_file} is damaged: {problem}; {RESTORE}")
    return frozen


def _damage(suite: Suite, name: str, frozen: ScenarioManifest) -> str | None:
    """Return where a manifest does not fit the scenario that it freezes, or None."""
    if suite.manifest.suite != suite.name:
        return f"it is that of suite {suite.manifest.suite}, expected {suite.name}"
    if suite.manifest.shard_size != SHARD:
        return f"shard_size is {suite.manifest.shard_size}, expected {SHARD}"
    sizes = suite.scenario(name).parts
    for part in sizes.keys() ^ frozen.parts.keys():
        return f"scenario {name} {'lacks' if part in sizes else 'has no'} part {part}"
    lacking = sorted(set(shown_carriers(suite, name)) - frozen.carriers)
    if lacking:
        return f"scenario {name} has no digests of {lacking[0]}s, which a task shows"
    for part, size in sizes.items():
        record = frozen.parts[part]
        for number, shard in enumerate(record.shards):
            if shard.carriers != frozen.carriers:
                return f"scenario {name}, {part}: shard {number} has digests of other halves than the first shard"
        counts = {
            "samples": (record.samples, size),
            "shards": (len(record.shards), len(shard_bounds(suite.scenario(name), part))),
        }
        for what, (actual, expected) in counts.items():
            if actual != expected:
                return f"scenario {name}, {part} has {actual} {what}, expected {expected}"
    return None


def check_samples(suite: Suite, name: str, part: str, start: int, samples: Samples) -> None:
    """Raise `FrozenDataError` unless the samples are the shard of a part that begins at `start`.

    Halves that were not made (no images, or no captions) are not checked.
    """
    frozen, bounds = check_description(suite, name).parts[part], shard_bounds(suite.scenario(name), part)
    where, number = f"scenario {name}, {part}", [first for first, _ in bounds].index(start)
    count, expected = len(samples.labels), bounds[number][1] - start
    problem = f"{where}: shard {number} holds {count} samples, expected {expected}" if count != expected else None
    problem = problem or compare(where, frozen, number, digest(samples))
    if problem:
        raise FrozenDataError(f"{problem}; {CURE}")


def compare(where: str, frozen: Part, number: int, made: ShardDigests) -> str | None:
    """Return how a shard differs from the frozen one: the halves, and both digests.

    Halves that are not frozen, or were not made, are not compared.
    """
    expected, actual = frozen.shards[number], made.shard
    stored = {half for half in Shard.model_fields if getattr(expected, half)}
    wrong = [half for half in made.made if half in stored and getattr(expected, half) != getattr(actual, half)]
    if not wrong:
        return None
    digests = f"expected SHA-256 {getattr(expected, wrong[0])}, found {getattr(actual, wrong[0])}"
    return f"{where}: shard {number} differs in {', '.join(wrong)}; {digests}"


def verify(suite: Suite, progress: Progress = lambda _: None, jobs: int | None = None) -> str | None:
    """Make every sample again and return the first difference from the manifest, or None.

    Raises `FrozenDataError` if a scenario file was edited or the manifest cannot be read.
    """
    frozen = {name: check_description(suite, name) for name in suite.scenarios}
    carriers = {name: record.carriers for name, record in frozen.items()}
    for (name, part), shards in groupby(hash_suite(suite, carriers, progress, jobs), key=itemgetter(0, 1)):
        for number, (*_, digests) in enumerate(shards):
            wrong = compare(f"scenario {name}, {part}", frozen[name].parts[part], number, digests)
            if wrong:
                return f"{wrong}; {CURE}"
    return None


def stamped(suite: Suite) -> bool:
    """Return whether a verification of every scenario passed before with this code, manifest, machine and libraries."""
    return all(map(os.path.isfile, _stamps(suite)))  # where the cache cannot be read, there is none


def stamp(suite: Suite) -> None:
    """Record in the user's cache that a verification of a suite's scenarios passed."""
    for file in _stamps(suite):
        write_atomically(file, "")


def _stamps(suite: Suite) -> list[Path]:
    """Return a file per scenario, whose name is the digest of everything that its verification depends on."""
    code = [_code_digest(HOME / folder) for folder in ("benchmark", "generators", "harness/splits")]
    machine = [platform.machine(), platform.python_version(), np.__version__, version("numba") if has_numba() else ""]
    files = []
    for name, scenario in suite.scenarios.items():
        frozen = suite.manifest.scenarios.get(name)
        key = "/".join([suite.name, name, frozen.digest if frozen else "", scenario.digest, *code, *machine])
        files.append(cache_folder() / "verified" / hashlib.sha256(key.encode()).hexdigest())
    return files


def _code_digest(folder: Path) -> str:
    files = sorted(folder.rglob("*.py"))
    return hashlib.sha256(b"".join(hashlib.sha256(read(path)).digest() for path in files)).hexdigest()
