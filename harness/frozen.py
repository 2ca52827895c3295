"""Checking that samples are the frozen ones, shard by shard."""

import base64
from collections.abc import Iterator

from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.manifest import Part, ScenarioManifest, Shard
from spurgen.benchmark.suite import Suite
from spurgen.generators import Samples
from spurgen.harness.freeze import FINGERPRINT, ShardDigests, digest, shard_bounds

CURE = "check out the generators that this suite was frozen with, or report it: frozen data must never change"


def check_description(suite: Suite, name: str) -> ScenarioManifest:
    """Returns a scenario's manifest; raises `FrozenDataError` if its file says something else now."""
    scenario, frozen = suite.scenario(name), suite.manifest.scenarios.get(name)
    file = suite.scenario_file(name)
    if frozen is None:
        raise FrozenDataError(f"{suite.manifest_file} does not hold scenario {name}; restore it from version control")
    if scenario.digest != frozen.scenario_sha256:
        raise FrozenDataError(
            f"{file} was edited: expected SHA-256 {frozen.scenario_sha256}, found {scenario.digest}; "
            "restore it from version control, or copy it under another name: a suite's version never changes"
        )
    return frozen


def check_samples(suite: Suite, name: str, part: str, start: int, samples: Samples) -> None:
    """Raises `FrozenDataError` unless samples that begin a shard of a part are that shard.

    Halves that were not made (no images, or no captions) are not checked.
    """
    frozen = check_description(suite, name).parts[part]
    number = [bounds[0] for bounds in shard_bounds(suite.scenario(name), part)].index(start)
    problem = compare(f"scenario {name}, {part}", frozen, number, start, digest(samples))
    if problem:
        raise FrozenDataError(f"{problem}; {CURE}")


def compare(where: str, frozen: Part, number: int, start: int, found: ShardDigests) -> str | None:
    """Says how a shard differs from the frozen one: the half, the first sample, and both digests."""
    expected, actual = frozen.shards[number], found.shard
    made = {"images": bool(found.images), "captions": bool(found.captions), "factors": True}
    wrong = [half for half in Shard.model_fields if made[half] and getattr(expected, half) != getattr(actual, half)]
    if not wrong:
        return None
    half = wrong[0]
    text = f"{where}: shard {number} differs in {', '.join(wrong)}"
    if all(made.values()):
        prints = base64.b64decode(frozen.fingerprints)[start * FINGERPRINT :][: len(found.factors) * FINGERPRINT]
        text += f", first in sample {start + _first_difference(prints, found.fingerprints)}"
    return f"{text}; expected SHA-256 {getattr(expected, half)}, found {getattr(actual, half)}"


def _first_difference(expected: bytes, found: bytes) -> int:
    pairs = zip(_prints(expected), _prints(found), strict=False)
    return next((k for k, (a, b) in enumerate(pairs) if a != b), 0)


def _prints(joined: bytes) -> Iterator[bytes]:
    return (joined[k : k + FINGERPRINT] for k in range(0, len(joined), FINGERPRINT))
