"""The manifest: what every frozen sample must hash to."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def digest(self) -> str:
        """Is the SHA-256 over all that the record holds."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Shard(_Frozen):
    """Holds SHA-256 digests over a run of samples: of their pixels, their captions, their factors."""

    images: str
    captions: str
    factors: str


class Part(_Frozen):
    """Freezes one split, or one kind of twins.

    `fingerprints` is base64 over the first 2 bytes of every sample's digest, in order; it lets a
    verifier name the first sample that differs without keeping every digest.
    """

    samples: int
    shards: tuple[Shard, ...]
    fingerprints: str


class ScenarioManifest(_Frozen):
    """Freezes one scenario: the SHA-256 of its description, and its parts, twins included."""

    scenario_sha256: str
    parts: dict[str, Part]


class Manifest(_Frozen):
    """Freezes a suite."""

    suite: str
    shard_size: int
    scenarios: dict[str, ScenarioManifest]


def dump_manifest(manifest: Manifest) -> str:
    """Writes a manifest as stable JSON text."""
    return json.dumps(manifest.model_dump(), indent=1) + "\n"
