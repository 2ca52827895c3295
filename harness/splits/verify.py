"""Checking that samples are the frozen ones, shard by shard; verifying a suite: making every sample again."""

import hashlib
import os
import platform
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.manifest import Part, ScenarioManifest, Shard
from spurgen.benchmark.suite import Suite
from spurgen.generators import Samples
from spurgen.harness.machine.files import cache_folder, write_atomically
from spurgen.harness.results.sources import HOME, read
from spurgen.harness.splits.freeze import (
    SHARD,
    Progress,
    ShardDigests,
    digest,
    hash_suite,
    shard_bounds,
    shown_carriers,
)

RESTORE = "restore it from version control"
CURE = "check out the generators that this suite was frozen with, or report it: frozen data must never change"


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
    machine = [platform.machine(), platform.python_version(), np.__version__, version("numba")]
    files = []
    for name, scenario in suite.scenarios.items():
        frozen = suite.manifest.scenarios.get(name)
        key = "/".join([suite.name, name, frozen.digest if frozen else "", scenario.digest, *code, *machine])
        files.append(cache_folder() / "verified" / hashlib.sha256(key.encode()).hexdigest())
    return files


def _code_digest(folder: Path) -> str:
    files = sorted(folder.rglob("*.py"))
    return hashlib.sha256(b"".join(hashlib.sha256(read(path)).digest() for path in files)).hexdigest()
