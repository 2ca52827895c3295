"""Frozen splits on disk, for users who want files: shards of arrays, and an index that is written last."""

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.benchmark.errors import FrozenDataError, MissingError, ReadError
from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.reading import read_bytes, read_json
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import Suite
from spurgen.generators import Samples
from spurgen.harness.machine.archives import unpack
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.interrupts import explain_stop
from spurgen.harness.splits.freeze import SHARD, Halves, Progress, digest, make_part, part_sizes, shard_bounds
from spurgen.harness.splits.frozen import CURE, check_description, compare, miscounted

DATA = Path("data")
INDEX = "index.json"
CHANNEL = "channel_"
CAPTION_BYTES = 8192  # at most, of a sample's caption and factors: NumPy takes 4 bytes a character
FACTORS = ("labels", "env_ids", "group_ids")
DEFAULT_PARTS = ("train", "val")
BOTH = {"images": True, "captions": True}


class Index(BaseModel):
    """The mark of a complete folder, written after the last shard; `part_sha256` is the manifest's digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: str
    scenario: str
    part: str
    part_sha256: str
    shards: int


def part_folder(root: Path, suite: Suite, name: str, part: str) -> Path:
    """Return the folder of a part: root/suite/scenario/part."""
    return root / suite.name / name / part


def stored_parts(root: Path, suite: Suite) -> Iterator[tuple[str, str]]:
    """Yield (scenario, part) for every part with files on disk, complete or not."""
    for name, scenario in suite.scenarios.items():
        for part in part_sizes(scenario):
            if any(part_folder(root, suite, name, part).glob("*.*")):
                yield name, part


def chosen_parts(scenario: Scenario, named: Iterable[str]) -> list[str]:
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
    frozen = described.parts[part]
    folder, bounds = part_folder(root, suite, name, part), shard_bounds(scenario, part)
    (folder / INDEX).unlink(missing_ok=True)
    for path in folder.glob("*.npz"):
        path.unlink()
    for number, (start, stop) in enumerate(bounds):
        samples = make_part(scenario, part, start, stop, **described.halves)
        wrong = compare(f"scenario {name}, {part}", frozen, number, start, digest(samples))
        if wrong:
            raise FrozenDataError(f"{wrong}; {CURE}")
        _write_shard(folder / f"{number:05d}.npz", samples, described.halves)
        progress(stop - start)
    index = Index(suite=suite.name, scenario=name, part=part, part_sha256=frozen.digest, shards=len(bounds))
    write_atomically(folder / INDEX, index.model_dump_json(indent=1) + "\n")
    return len(bounds)


def _write_shard(path: Path, samples: Samples, halves: Halves) -> None:
    """Write the halves that are frozen, and the factors."""
    columns: dict[str, Any] = {f"{CHANNEL}{name}": values for name, values in samples.channel_values.items()}
    shown = {"images": samples.images, "captions": np.array(samples.captions)}
    columns |= {half: array for half, array in shown.items() if halves[half]}
    buffer = io.BytesIO()
    np.savez(
        buffer, labels=samples.labels, env_ids=samples.env_ids, group_ids=samples.group_ids, **columns
    )  # fmt: skip
    write_atomically(path, buffer.getvalue())


def read_shard(path: Path, image_size: int, halves: Halves = BOTH) -> Samples:
    """Read a shard with images of this size; raise `FrozenDataError` that names the file if it is damaged.

    `halves` says whether it has images, and captions; the others are empty.
    """
    at_most = SHARD * (3 * image_size**2 + CAPTION_BYTES)
    try:
        arrays = unpack(read_bytes(path, at_most), at_most)
    except ReadError as error:
        raise FrozenDataError(f"{path} is damaged ({error})") from None
    problem = _malformed(arrays, halves)
    if problem:
        raise FrozenDataError(f"{path} is damaged ({problem})")
    channels = {key.removeprefix(CHANNEL): values for key, values in arrays.items() if key.startswith(CHANNEL)}
    columns = (arrays["labels"], channels, arrays["env_ids"], arrays["group_ids"])
    images = arrays.get("images", np.empty((0, image_size, image_size, 3), np.uint8))
    return Samples(images, arrays["captions"].tolist() if halves["captions"] else [], *columns)


def _malformed(arrays: dict[str, NDArray[Any]], halves: Halves) -> str | None:
    """Return why the arrays are not the columns of a shard, or None."""
    expected = [*(half for half, is_there in halves.items() if is_there), *FACTORS]
    for name in expected:
        if name not in arrays:
            return f"it has no {name}"
    for name in arrays:
        if name not in expected and not name.startswith(CHANNEL):
            return f"it has {name}, which the suite does not freeze"
    for name, array in arrays.items():
        kind, axes = {"images": ("uint8", 4), "captions": ("str", 1)}.get(name, ("int64", 1))
        actual = "str" if array.dtype.kind == "U" else array.dtype.name
        if (actual, array.ndim) != (kind, axes):
            return f"{name} is {actual} of shape {array.shape}, expected {kind} in {axes} dimensions"
        if len(array) != len(arrays["labels"]):
            return f"{name} has {len(array)} rows, expected {len(arrays['labels'])}, as labels"
    return None


def check_part(suite: Suite, root: Path, name: str, part: str) -> str | None:
    """Return what is wrong with a part on disk, in which file and sample, and how to repair it; None if nothing is."""
    problem = _problem(suite, root, name, part)
    if problem is None:
        return None
    where = f"--suite {suite.spoken} --data {quote(str(root))} --scenarios {name} --parts {part}"
    return f"{problem}; to repair it, run `{spurgen(f'splits regenerate {where}')}`"


def _problem(suite: Suite, root: Path, name: str, part: str) -> str | None:
    folder = part_folder(root, suite, name, part)
    described = check_description(suite, name)
    frozen = described.parts[part]
    if not folder.exists():
        return f"{folder} is missing"
    try:
        index = Index.model_validate(read_json(folder / INDEX))
    except MissingError:
        return f"{folder} has no {INDEX}: its writing was interrupted"
    except (ReadError, ValidationError):
        return f"{folder / INDEX} is damaged"
    if index.part_sha256 != frozen.digest:
        return (
            f"{folder} is stale: it was written for manifest digest {index.part_sha256}, "
            f"the suite now has {frozen.digest}"
        )
    scenario = suite.scenario(name)
    for number, bounds in enumerate(shard_bounds(scenario, part)):
        path = folder / f"{number:05d}.npz"
        try:
            samples = read_shard(path, scenario.image_size, described.halves)
        except FrozenDataError as error:
            return str(error)
        wrong = miscounted(str(path), samples, bounds) or _misfit(path, samples, scenario)
        wrong = wrong or compare(str(path), frozen, number, bounds[0], digest(samples))
        if wrong:
            return wrong
    return None


def _misfit(path: Path, samples: Samples, scenario: Scenario | Ladder) -> str | None:
    """Return where a shard does not have the scenario's shape, which the digests of its bytes do not show."""
    size = (scenario.image_size, scenario.image_size, 3)
    if samples.images.shape[1:] != size:
        return f"{path} holds images of shape {samples.images.shape[1:]}, expected {size}"
    channels = list(scenario.shortcuts if isinstance(scenario, Ladder) else scenario.channels)
    if list(samples.channel_values) != channels:
        return f"{path} holds the channels {list(samples.channel_values)}, expected {channels}"
    return None
