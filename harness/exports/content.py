"""The digest of a data set's content: the same in every format, for any shard size and any number of processes.

It is over decoded content, never over encoded files: encoders change, pixels do not.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping

import numpy as np

from spurgen.benchmark.scenario import Scenario
from spurgen.generators import class_names
from spurgen.harness.exports.plan import Chunk

LENGTH = 32  # bytes of a sample's digest


def sample_digests(chunk: Chunk) -> bytes:
    """Return the SHA-256 of every sample, one after the other.

    Of a sample are hashed: its pixels, uint8 by row, column and colour; label, class shown, environment, group and
    channel values in the scenario's order, as little-endian int64; the caption in UTF-8.
    """
    samples = chunk.samples
    factors = [samples.labels, chunk.shown, samples.env_ids, samples.group_ids, *samples.channel_values.values()]
    numbers = np.ascontiguousarray(np.stack(factors, axis=1).astype("<i8"))
    made = []
    for pixels, row, caption in zip(samples.images, numbers, samples.captions, strict=True):
        digest = hashlib.sha256(pixels)
        digest.update(row)
        digest.update(caption.encode())
        made.append(digest.digest())
    return b"".join(made)


def part_digest(digests: Iterable[bytes]) -> str:
    """Return the SHA-256 of a part, from its samples' digests in order, in pieces of any size."""
    whole = hashlib.sha256()
    for piece in digests:
        whole.update(piece)
    return whole.hexdigest()


def content_digest(scenario: Scenario, parts: Mapping[str, tuple[int, str]]) -> str:
    """Return the SHA-256 of a data set, from the size and the digest of every part."""
    described = {
        "classes": class_names(scenario),
        "channels": list(scenario.channels),
        "parts": {part: list(parts[part]) for part in sorted(parts)},
    }
    return hashlib.sha256(json.dumps(described, separators=(",", ":")).encode()).hexdigest()
