"""The manifest: what every frozen sample must hash to."""

from pydantic import BaseModel, ConfigDict


class SplitManifest(BaseModel):
    """Freezes one split: a root over its shards' SHA-256 digests, and a fingerprint per sample.

    `fingerprints` is base64 over the first 3 bytes of every sample's digest, in order; it lets
    a verifier name the first sample that differs without keeping every digest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: int
    root: str
    shards: tuple[str, ...]
    fingerprints: str


class ScenarioManifest(BaseModel):
    """Freezes one scenario: its description's SHA-256 and its splits, twins included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario_sha256: str
    splits: dict[str, SplitManifest]


class Manifest(BaseModel):
    """Freezes a suite; `root` is the SHA-256 over all that follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: str
    shard_size: int
    root: str
    scenarios: dict[str, ScenarioManifest]
