"""Frozen splits on disk, for those who want files: shards of arrays and an index that is written last."""

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.suite import Suite
from spurgen.generators import Samples
from spurgen.harness.freeze import digest, make_part, part_sizes, shard_bounds
from spurgen.harness.frozen import CURE, check_description, compare
from spurgen.harness.rows import write_atomically

DATA = Path("data")
INDEX = "index.json"
DEFAULT_PARTS = ("train", "val")
REPAIR = "run `spurgen splits regenerate` to repair it"


class Index(BaseModel):
    """Marks a folder as whole: written after the last shard; `part_sha256` is the manifest's digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: str
    scenario: str
    part: str
    part_sha256: str
    shards: int


def part_folder(root: Path, suite: Suite, name: str, part: str) -> Path:
    """Locates a part: root/suite/scenario/part."""
    return root / suite.name / name / part


def stored_parts(root: Path, suite: Suite) -> Iterator[tuple[str, str]]:
    """Yields (scenario, part) for every part that has a folder, whole or not."""
    for name, scenario in suite.scenarios.items():
        for part in part_sizes(scenario):
            if any(part_folder(root, suite, name, part).glob("*.*")):
                yield name, part


def regenerate(
    suite: Suite, root: Path, names: Iterable[str], parts: Iterable[str], told: Callable[[str], None] = lambda _: None
) -> None:
    """Writes the parts that are missing or damaged, each shard checked against the manifest first.

    `told` is given a line per part. Raises `FrozenDataError` if what is made is not what was frozen.
    """
    wanted = list(parts)
    for name in names:
        frozen = check_description(suite, name)
        for part in [
            p for p in part_sizes(suite.scenario(name)) if p in wanted or (p.startswith("twins/") and "twins" in wanted)
        ]:
            problem = check_part(suite, root, name, part)
            if problem is None:
                told(f"{name}/{part}: whole, kept")
                continue
            folder = part_folder(root, suite, name, part)
            (folder / INDEX).unlink(missing_ok=True)
            for path in folder.glob("*.npz"):
                path.unlink()
            bounds = shard_bounds(suite.scenario(name), part)
            for number, (start, stop) in enumerate(bounds):
                samples = make_part(suite.scenario(name), part, start, stop)
                wrong = compare(f"scenario {name}, {part}", frozen.parts[part], number, start, digest(samples))
                if wrong:
                    raise FrozenDataError(f"{wrong}; {CURE}")
                _write_shard(folder / f"{number:05d}.npz", samples)
            index = Index(
                suite=suite.name, scenario=name, part=part, part_sha256=frozen.parts[part].digest, shards=len(bounds)
            )
            write_atomically(folder / INDEX, index.model_dump_json(indent=1) + "\n")
            told(f"{name}/{part}: written, {len(bounds)} shards")


def _write_shard(path: Path, samples: Samples) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns: dict[str, Any] = {f"channel_{name}": values for name, values in samples.channel_values.items()}
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(
                file, images=samples.images, captions=np.array(samples.captions), labels=samples.labels,
                env_ids=samples.env_ids, group_ids=samples.group_ids, **columns,
            )  # fmt: skip
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_shard(path: Path) -> Samples:
    """Reads a shard; raises `FrozenDataError` that names the file if it is damaged."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            channels = {key.removeprefix("channel_"): file[key] for key in file.files if key.startswith("channel_")}
            columns = (file["labels"], channels, file["env_ids"], file["group_ids"])
            return Samples(file["images"], file["captions"].tolist(), *columns)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FrozenDataError(f"{path} is damaged ({error}); {REPAIR}") from None


def check_part(suite: Suite, root: Path, name: str, part: str) -> str | None:
    """Says what is wrong with a part on disk, naming file and sample, or None if it is whole."""
    folder = part_folder(root, suite, name, part)
    frozen = check_description(suite, name).parts[part]
    try:
        index = Index.model_validate_json((folder / INDEX).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return f"{folder} has no {INDEX}: its writing was interrupted or never begun; {REPAIR}"
    except (OSError, ValidationError, UnicodeDecodeError):
        return f"{folder / INDEX} is damaged; {REPAIR}"
    if index.part_sha256 != frozen.digest:
        return (
            f"{folder} is stale: it was written for manifest digest {index.part_sha256}, "
            f"the suite now has {frozen.digest}; {REPAIR}"
        )
    for number, (start, _) in enumerate(shard_bounds(suite.scenario(name), part)):
        path = folder / f"{number:05d}.npz"
        try:
            wrong = compare(str(path), frozen, number, start, digest(read_shard(path)))
        except FrozenDataError as error:
            return str(error)
        if wrong:
            return f"{wrong}; {REPAIR}"
    return None


def load_part(suite: Suite, root: Path, name: str, part: str) -> Samples:
    """Reads a whole part, checked sample by sample; raises `FrozenDataError` rather than use a bad one."""
    problem = check_part(suite, root, name, part)
    if problem:
        raise FrozenDataError(problem)
    folder = part_folder(root, suite, name, part)
    shards = [read_shard(folder / f"{k:05d}.npz") for k in range(len(shard_bounds(suite.scenario(name), part)))]
    return Samples.join(shards)
