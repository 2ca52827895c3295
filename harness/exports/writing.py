"""Writing a data set: shard by shard, by several processes, into a hidden folder that is renamed when it is complete.

A killed export leaves the hidden folder, and the same command continues it. A shard counts as written when its
receipt is, the digests of its samples and of its files, and its files have that digest.
"""

import csv
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from pydantic import TypeAdapter

from spurgen.benchmark.errors import MissingError, ReadError, SpurgenError
from spurgen.benchmark.reading import read_bytes
from spurgen.benchmark.shell import check_packages
from spurgen.harness.exports import documents
from spurgen.harness.exports.plan import (
    INDEX,
    LENGTH,
    WORK,
    Chunk,
    Index,
    PartIndex,
    Plan,
    Shard,
    check_names,
    chunks_of,
    content_digest,
    part_digest,
    read_index,
    sample_digests,
)
from spurgen.harness.machine.files import check_out, claimed, interrupted_folder, write_atomically
from spurgen.harness.machine.pool import explain_stop, run
from spurgen.harness.splits.frozen import ALONE

PLAN = "plan.json"
FILES = 32  # bytes of the digest of a shard's files
Progress = Callable[[int], None]


def export(plan: Plan, out: Path, progress: Progress = lambda _: None, jobs: int | None = None) -> Index:
    """Write a data set into `out`, which appears only when it is complete; return its index.

    An existing data set of the same plan is kept, and an interrupted one is continued. `progress` is called with the
    number of samples of each shard. `jobs` is the number of processes; by default one per core, or for few samples this
    one alone. Raises `SpurgenError` if `out` is something else, cannot be written, or is being written by another
    process.
    """
    done = find(plan, out)
    if done:
        return _kept(plan, out, done, progress)
    place = out.resolve()  # a link to an empty folder stays a link
    folder = interrupted_folder(place)
    try:
        folder.mkdir(exist_ok=True)
        with explain_stop(f"what was written is in {folder}; the same command continues"), claimed(folder):
            done = find(plan, out)
            if done:  # by a process that ended just now
                with suppress(OSError):
                    folder.rmdir()
                return _kept(plan, out, done, progress)
            _check_continues(plan, folder, out)
            index = _write(plan, folder, progress, jobs)
            folder.chmod(0o755)
            folder.replace(place)
            shutil.rmtree(place / WORK, ignore_errors=True)
    except BlockingIOError:
        raise SpurgenError(f"another process is writing {out}; wait for it, or choose another folder") from None
    except OSError as error:
        if isinstance(error, SpurgenError):
            raise
        if (out / INDEX).exists():  # since another process moved the folder to its place just now
            return export(plan, out, progress, jobs)
        what = f"writing {out} failed: {error.strerror or error}"
        raise SpurgenError(f"{what}; what was written is in {folder}, and the same command continues") from None
    return index


def _kept(plan: Plan, out: Path, index: Index, progress: Progress) -> Index:
    """Remove what a killed process left in a complete data set, and return its index; nothing is left to do."""
    shutil.rmtree(out / WORK, ignore_errors=True)
    progress(plan.total)
    return index


def find(plan: Plan, out: Path) -> Index | None:
    """Return the index of a plan's data set that is complete; None if it is still to be written.

    Raise `SpurgenError` if it cannot be written there, if it has lost a file or their sizes changed, if a package is
    missing, or if a channel's name cannot be a column's.
    """
    check_packages(plan.form.REQUIRES, f"--format {plan.format}")
    check_names(plan.scenario, plan.form.OWN_COLUMNS)
    if "features" in plan.scenario.carriers:
        raise SpurgenError(f"{plan.scenario.name} has features, which its own file holds; spurgen.ladder reads it")
    if "image" not in plan.scenario.carriers and plan.form.SHOWS_IMAGES:
        raise SpurgenError(f"{plan.scenario.name} has captions and no images; write --format captions")
    if not (out / INDEX).exists():
        try:
            check_out(out)
            return None
        except SpurgenError:
            if not (out / INDEX).exists():  # else another process completed it between the two looks
                raise
    index = read_index(out)
    different = index.difference(plan)
    if different:
        raise SpurgenError(f"{out} holds another data set (it has {different}); choose another folder, or remove it")
    _check_whole(plan, out, index)
    return index


def _check_whole(plan: Plan, out: Path, index: Index) -> None:
    """Raise `SpurgenError` if a complete data set has lost a file, or if the size of one that nobody edits changed."""
    every = chain(documents.NAMES, index.common_files, _files(plan))
    lost = next((name for name in every if not (out / name).is_file()), None)
    if lost:
        raise SpurgenError(f"{out} has lost {lost}; remove the folder, or choose another")
    sizes = {"its files have": (_size(plan, out), index.file_bytes)}
    sizes |= {f"{name} has": ((out / name).stat().st_size, size) for name, size in index.common_files.items()}
    for what, (found, expected) in sizes.items():
        if found != expected:
            raise SpurgenError(
                f"{out} is damaged: {what} {found:,} bytes instead of {expected:,}; remove the folder, or choose "
                "another"
            )


def _files(plan: Plan) -> Iterator[str]:
    """Yield the names of the files with a data set's samples."""
    return (name for shard in plan.shards() for name in plan.form.files(plan, shard))


def _size(plan: Plan, folder: Path) -> int:
    """Return the bytes of the files with a data set's samples."""
    return sum((folder / name).stat().st_size for name in _files(plan))


def _check_continues(plan: Plan, folder: Path, out: Path) -> None:
    """Record the plan in a new folder; raise `SpurgenError` if an interrupted export had another one."""
    path, text = folder / WORK / PLAN, TypeAdapter(Plan).dump_json(plan)
    try:
        begun = read_bytes(path, 1 << 20)
    except MissingError:
        others = [entry.name for entry in folder.iterdir() if entry.name != WORK]
        if others:
            raise SpurgenError(
                f"{folder} holds {others[0]} and is no interrupted export; remove it, or choose another folder"
            ) from None
        write_atomically(path, text)
        return
    if begun != text:
        raise SpurgenError(
            f"{folder} is an interrupted export of another data set to {out}; repeat its command to continue it, "
            "remove it to start over, or choose another folder"
        )


def _write(plan: Plan, folder: Path, progress: Progress, jobs: int | None) -> Index:
    _write_shards(plan, folder, progress, jobs)
    parts = {part: PartIndex(samples=size, sha256=_digest_of(plan, folder, part)) for part, size in plan.sizes.items()}
    digests = {part: (record.samples, record.sha256) for part, record in parts.items()}
    common = {name: (folder / name).stat().st_size for name in _write_tables(plan, folder)}
    index = Index(
        format=plan.format, shard_size=plan.shard_size, place=plan.place, parts=parts,
        scenario_sha256=plan.scenario.digest, content_sha256=content_digest(plan.scenario, digests),
        file_bytes=_size(plan, folder), common_files=common,
    )  # fmt: skip
    documents.write(plan, folder, index)
    write_atomically(folder / INDEX, index.model_dump_json(indent=1) + "\n")
    return index


def _write_tables(plan: Plan, folder: Path) -> list[str]:
    """Write the tables over whole parts; return their names."""
    tables = plan.form.tables(plan)
    for name, lines in tables.items():
        with open(folder / name, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(lines)
    return list(tables)


def _write_shards(plan: Plan, folder: Path, progress: Progress, jobs: int | None) -> None:
    """Write the shards that have no receipt yet."""
    missing = []
    for shard in plan.shards():
        if _is_written(plan, shard, folder):
            progress(shard.stop - shard.start)
        else:
            missing.append(shard)
    alone = jobs is None and plan.total < ALONE
    if alone or jobs == 1 or len(missing) < 2:
        for shard in missing:
            write_shard(plan, folder, shard)
            progress(shard.stop - shard.start)
        return
    for shard, _ in run(partial(write_shard, plan, folder), missing, jobs):
        progress(shard.stop - shard.start)


def write_shard(plan: Plan, folder: Path, shard: Shard) -> None:
    """Write a shard's files, then its receipt."""
    digests: list[bytes] = []

    def hashed() -> Iterator[Chunk]:
        for chunk in chunks_of(plan.scenario, shard):
            digests.append(sample_digests(chunk))
            yield chunk

    plan.form.write(plan, shard, hashed(), folder)
    write_atomically(_receipt(folder, shard), b"".join(digests) + _files_digest(plan, shard, folder))


def _receipt(folder: Path, shard: Shard) -> Path:
    return folder / WORK / shard.name


def _files_digest(plan: Plan, shard: Shard, folder: Path) -> bytes:
    """Return the SHA-256 of a shard's files, 32 bytes; raise `FileNotFoundError` if one is missing."""
    digest = hashlib.sha256()
    for name in plan.form.files(plan, shard):
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.digest()


def _is_written(plan: Plan, shard: Shard, folder: Path) -> bool:
    expected = LENGTH * (shard.stop - shard.start) + FILES
    try:
        receipt = read_bytes(_receipt(folder, shard), expected)
        return len(receipt) == expected and receipt[-FILES:] == _files_digest(plan, shard, folder)
    except (ReadError, FileNotFoundError):
        return False


def _digest_of(plan: Plan, folder: Path, part: str) -> str:
    receipts = (_receipt(folder, shard) for shard in plan.shards() if shard.part == part)
    return part_digest(path.read_bytes()[:-FILES] for path in receipts)
