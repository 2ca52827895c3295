"""The last file of a data set, dataset.json: it marks the folder as complete and holds the digests of its content."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.benchmark.errors import MissingError, ReadError, SpurgenError
from spurgen.benchmark.manifest import Sha256
from spurgen.benchmark.reading import read_json
from spurgen.harness.exports.plan import Plan

INDEX = "dataset.json"


class PartIndex(BaseModel):
    """Number of samples of a part, and the SHA-256 over their digests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: int
    sha256: Sha256


class Index(BaseModel):
    """A data set's description, and a digest of its content that is the same for any format, shard size and processes.

    `file_bytes`: the sizes of its samples' files together; `common_files`: the size of each file that is made from all
    shards, such as metadata.csv.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    format: str
    shard_size: int
    place: str
    scenario_sha256: Sha256
    content_sha256: Sha256
    parts: dict[str, PartIndex]
    file_bytes: int
    common_files: dict[str, int]

    def difference(self, plan: Plan) -> str:
        """Return how this data set differs from a plan; empty if it is the plan's."""
        if self.scenario_sha256 != plan.scenario.digest:
            return "another scenario"
        if self.format != plan.format:
            return f"format {self.format}"
        if {part: record.samples for part, record in self.parts.items()} != plan.sizes:
            return f"the parts {', '.join(self.parts)}"
        if self.shard_size != plan.shard_size:
            return f"shards of {self.shard_size:,} samples"
        return f"{self.place} as place" if self.place != plan.place else ""


def read_index(folder: Path) -> Index:
    """Read a data set's index; raise `MissingError` if there is none, `SpurgenError` if it is damaged."""
    path = folder / INDEX
    try:
        return Index.model_validate(read_json(path))
    except MissingError:
        raise
    except (ReadError, ValidationError):
        raise SpurgenError(f"{path} is damaged; remove {folder}, and generate the data set again") from None
