"""The manifest: what every frozen sample must hash to."""

import hashlib
import json
from functools import cached_property
from typing import Annotated

from pydantic import Field, StringConstraints

from spurgen.benchmark.contract import Carrier
from spurgen.benchmark.world import Frozen

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class _Record(Frozen):
    @cached_property
    def digest(self) -> str:
        """SHA-256 over the whole record."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Shard(_Record):
    """SHA-256 digests over a run of samples: of their pixels, their captions, their factors.

    Pixels or captions that no task shows have none.
    """

    images: Sha256 | None = None
    captions: Sha256 | None = None
    factors: Sha256

    @property
    def carriers(self) -> frozenset[Carrier]:
        """What is frozen besides the factors."""
        found: dict[Carrier, str | None] = {"image": self.images, "caption": self.captions}
        return frozenset(carrier for carrier, digest in found.items() if digest is not None)


class Part(_Record):
    """The digests of one split, or of one kind of twins.

    `fingerprints` is empty except in manifests of earlier versions, whose digests include it; nothing reads it.
    """

    samples: Annotated[int, Field(ge=1)]
    shards: Annotated[tuple[Shard, ...], Field(min_length=1)]
    fingerprints: str = ""


class ScenarioManifest(_Record):
    """The SHA-256 of a scenario's description, and the digests of its parts, twins included."""

    scenario_sha256: Sha256
    parts: dict[str, Part]

    @property
    def carriers(self) -> frozenset[Carrier]:
        """What is frozen besides the factors, the same for every shard: what is of the first."""
        return next(iter(self.parts.values())).shards[0].carriers


class Manifest(_Record):
    """The digests of all scenarios of a suite."""

    suite: str
    shard_size: int
    scenarios: dict[str, ScenarioManifest]


def dump_manifest(manifest: Manifest) -> str:
    """Return a manifest as stable JSON text."""
    return json.dumps(manifest.model_dump(exclude_none=True), indent=1) + "\n"
