"""Frozen splits on disk, for users who want files: shards of arrays, and an index that is written last."""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.benchmark.errors import FrozenDataError, MissingError, ReadError
from spurgen.benchmark.manifest import Sha256
from spurgen.benchmark.reading import open_plain, read_json
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import Suite
from spurgen.generators import Samples
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.interrupts import explain_stop
from spurgen.harness.splits.freeze import Description, Halves, Progress, digest, make_part, part_sizes, shard_bounds
from spurgen.harness.splits.frozen import CURE, check_description, compare

DATA = Path("data")
INDEX = "index.json"
FILE_BYTES = 1 << 32
DEFAULT_PARTS = ("train", "val")


class Index(BaseModel):
    """The mark of a complete folder, written after the last shard.

    `part_sha256`: the manifest's digest of the part; `files`: the SHA-256 of every file, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: str
    scenario: str
    part: str
    part_sha256: Sha256
    files: dict[str, Sha256]


def part_folder(root: Path, suite: Suite, name: str, part: str) -> Path:
    """Return the folder of a part: root/suite/scenario/part."""
    return root / suite.name / name / part


def stored_parts(root: Path, suite: Suite) -> Iterator[tuple[str, str]]:
    """Yield (scenario, part) for every part with files on disk, complete or not."""
    for name, scenario in suite.scenarios.items():
        for part in part_sizes(scenario):
            if any(part_folder(root, suite, name, part).glob("*.*")):
                yield name, part


def chosen_parts(scenario: Description, named: Iterable[str]) -> list[str]:
    """List a scenario's parts among those named; `twins` names all twins."""
    wanted = set(named)
    return [part for part in part_sizes(scenario) if part in wanted or part.partition("/")[0] in wanted]


def regenerate(
    suite: Suite, root: Path, names: Iterable[str], parts: Iterable[str],
    report: Callable[[str], None] = lambda _: None, progress: Progress = lambda _: None,
) -> None:  # fmt: skip
    """Write the parts that are missing or damaged, after checking each shard against the manifest.

    `report` is called with a line per part: kept, or written and why. `progress` is called with the
    number of samples of each step. Raises `SpurgenError` if nothing can be written, `FrozenDataError`
    if the samples are not the frozen ones.
    """
    check_writable(root / suite.name, "--data")
    named = list(parts)
    for name in names:
        scenario = suite.scenario(name)
        for part in chosen_parts(scenario, named):
            with explain_stop(f"every part named above is kept, and {name}/{part} starts over"):
                problem = _problem(suite, root, name, part)
                if problem is None:
                    report(f"{name}/{part}: whole, kept")
                    progress(part_sizes(scenario)[part])
                    continue
                count = _write_part(suite, root, name, part, progress)
                report(f"{name}/{part}: written, {count} shards, since {problem}")


def _write_part(suite: Suite, root: Path, name: str, part: str, progress: Progress) -> int:
    """Write a part's shards, then its index; return the number of shards."""
    scenario, described = suite.scenario(name), check_description(suite, name)
    folder, frozen = part_folder(root, suite, name, part), described.parts[part]
    (folder / INDEX).unlink(missing_ok=True)
    for path in folder.glob("*.npz"):
        path.unlink()
    files = {}
    for number, (start, stop) in enumerate(shard_bounds(scenario, part)):
        samples = make_part(scenario, part, start, stop, **described.halves)
        wrong = compare(f"scenario {name}, {part}", frozen, number, digest(samples))
        if wrong:
            raise FrozenDataError(f"{wrong}; {CURE}")
        content = _packed(samples, described.halves)
        write_atomically(folder / f"{number:05d}.npz", content)
        files[f"{number:05d}.npz"] = hashlib.sha256(content).hexdigest()
        progress(stop - start)
    index = Index(suite=suite.name, scenario=name, part=part, part_sha256=frozen.digest, files=files)
    write_atomically(folder / INDEX, index.model_dump_json(indent=1) + "\n")
    return len(files)


def _packed(samples: Samples, halves: Halves) -> bytes:
    """Return the content of a shard's file: the factors, and the halves that are frozen."""
    columns: dict[str, Any] = {f"channel_{name}": values for name, values in samples.channel_values.items()}
    shown = {"images": samples.images, "captions": np.array(samples.captions)}
    columns |= {half: array for half, array in shown.items() if halves[half]}
    buffer = io.BytesIO()
    np.savez(buffer, labels=samples.labels, env_ids=samples.env_ids, group_ids=samples.group_ids, **columns)
    return buffer.getvalue()


def check_part(suite: Suite, root: Path, name: str, part: str) -> str | None:
    """Return what is wrong with a part on disk, in which file, and how to repair it; None if it is intact."""
    problem = _problem(suite, root, name, part)
    if problem is None:
        return None
    where = f"--suite {suite.spoken} --data {quote(str(root))} --scenarios {name} --parts {part}"
    return f"{problem}; to repair it, run `{spurgen(f'splits regenerate {where}')}`"


def _problem(suite: Suite, root: Path, name: str, part: str) -> str | None:
    folder, frozen = part_folder(root, suite, name, part), check_description(suite, name).parts[part]
    if not folder.exists():
        return f"{folder} is missing"
    try:
        index = Index.model_validate(read_json(folder / INDEX))
    except MissingError:
        return f"{folder} has no {INDEX}: its writing was interrupted"
    except (ReadError, ValidationError):
        return f"{folder / INDEX} is damaged, or of another version of SpurGen"
    if index.part_sha256 != frozen.digest:
        return (
            f"{folder} is stale: it was written for manifest digest {index.part_sha256}, "
            f"the suite now has {frozen.digest}"
        )
    for file, expected in index.files.items():
        path = folder / file
        try:
            with open_plain(path, FILE_BYTES) as content:
                found = hashlib.file_digest(content, "sha256").hexdigest()
        except ReadError as error:
            return f"{path} is damaged ({error})"
        if found != expected:
            return f"{path} is damaged: expected SHA-256 {expected}, found {found}"
    return None
