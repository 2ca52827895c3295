"""The digest of a data set's content: the same in every format, for any shard size and any number of processes.

It is over decoded content, never over encoded files: encoders change, pixels do not.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping

import numpy as np

from spurgen.harness.exports.plan import Chunk
from spurgen.harness.exports.worlds import classes_of, values_in
from spurgen.harness.splits.freeze import Description

LENGTH = 32  # bytes of a sample's digest


def sample_digests(chunk: Chunk) -> bytes:
    """Return the SHA-256 of every sample, one after the other.

    The hash covers a sample's pixels, uint8 by row, column and colour, if it has any; label, class shown, environment,
    group and channel values in the scenario's order, as little-endian int64; the caption in UTF-8.
    """
    samples = chunk.samples
    factors = [samples.labels, chunk.shown, samples.env_ids, samples.group_ids, *samples.channel_values.values()]
    numbers = np.ascontiguousarray(np.stack(factors, axis=1).astype("<i8"))
    made = []
    images = samples.images if len(samples.images) else [b""] * len(numbers)
    for pixels, row, caption in zip(images, numbers, samples.captions, strict=True):
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


def content_digest(scenario: Description, parts: Mapping[str, tuple[int, str]]) -> str:
    """Return the SHA-256 of a data set, from the size and the digest of every part."""
    described = {
        "classes": classes_of(scenario),
        "channels": list(values_in(scenario)),
        "parts": {part: list(parts[part]) for part in sorted(parts)},
    }
    return hashlib.sha256(json.dumps(described, separators=(",", ":")).encode()).hexdigest()
