"""The stamp of a site: digests of its inputs and files, so that an unchanged site is not built again.

This module loads no library that takes long to import: a site that is up to date is recognised within a second.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.files import WriteError, claimed, partial_folder, stale_folders, write_atomically
from spurgen.harness.machine.pool import hold_signals
from spurgen.harness.machine.provenance import CODE

STAMP = "site.json"
DOCS = "docs"
"""Folder of the documentation within a site; another command makes it, so it is kept."""
PACKAGE = Path(__file__).parents[2]
SUFFIXES = (".py", ".j2", ".css", ".js", ".svg", ".csv", ".npz")


def inputs_digest(files: Iterable[Path], more: Iterable[str] = ()) -> str:
    """Return the SHA-256 of a site's inputs: these files, the code that builds it, and `more` texts."""
    code = [path for folder in CODE for path in (PACKAGE / folder).rglob("*") if path.suffix in SUFFIXES]
    total = hashlib.sha256()
    for path in [*sorted(code), *sorted(set(files))]:
        total.update(os.fsencode(path) + f"\n{_sha256(path.read_bytes())}\n".encode())  # it need not be UTF-8
    for text in more:
        total.update(f"{text}\n".encode())
    return total.hexdigest()


def is_current(folder: Path, inputs: str) -> bool:
    """Return whether a folder has the complete, unchanged site of these inputs."""
    stamp = _read(folder)
    if stamp is None or stamp.get("inputs") != inputs:
        return False
    files = stamp.get("files")
    return isinstance(files, dict) and all(_has(folder / name, digest) for name, digest in files.items())


def replace(folder: Path, files: Mapping[str, bytes], inputs: str) -> None:
    """Put a site in the place of an earlier one: all files or none.

    The site is written to a folder beside it, which is then renamed; the documentation moves along. One process does so
    at a time: another waits. Raise `SpurgenError`, and delete nothing, if the folder has anything that does not belong
    to a site.
    """
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with claimed(folder.parent, wait=True):
        adopt_docs(folder)
        _replace(folder, files, inputs)


def _replace(folder: Path, files: Mapping[str, bytes], inputs: str) -> None:
    with partial_folder(folder.parent, folder.name) as temporary:
        fresh, old = temporary / "new", temporary / "old"
        for name, content in files.items():
            _write(fresh / name, content)
        digests = {name: _sha256(content) for name, content in sorted(files.items())}
        stamp = {"inputs": inputs, "files": digests}
        write_atomically(fresh / STAMP, json.dumps(stamp, indent=1) + "\n")
        with hold_signals():
            _exchange(folder, fresh, old)


def adopt_docs(folder: Path) -> None:
    """Take back the documentation from a process that was killed while it replaced the site."""
    for left in stale_folders(folder.parent, folder.name):
        for docs in left.glob(f"*/{DOCS}"):
            if not (folder / DOCS).exists():
                folder.mkdir(exist_ok=True)
                docs.rename(folder / DOCS)


def _exchange(folder: Path, fresh: Path, old: Path) -> None:
    """Move a site to `old` and put `fresh` with the documentation in its place; undo that if it fails."""
    try:
        if folder.exists():
            folder.rename(old)
        if (old / DOCS).is_dir():
            (old / DOCS).rename(fresh / DOCS)
        fresh.rename(folder)
    except OSError as error:
        if (fresh / DOCS).is_dir():
            (fresh / DOCS).rename(old / DOCS)
        with suppress(OSError):  # another process has made the folder: its site and its documentation stay
            old.rename(folder)
        raise WriteError(error.errno, error.strerror or str(error), str(folder)) from None


def check_replaceable(folder: Path) -> None:
    """Raise `SpurgenError` if a site cannot be put here without deleting something else."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise SpurgenError(f"--out {folder}: it is not a folder; name another")
    others = _others(folder)
    if others:
        raise SpurgenError(
            f"--out {folder}: the folder has files that are no site of spurgen, such as {others[0]}; name another, "
            "or remove them"
        )


def _others(folder: Path) -> list[str]:
    """Return the names of a folder's entries that belong neither to a site nor to its documentation."""
    if not folder.is_dir():
        return []
    stamp = _read(folder) or {}
    files = stamp.get("files")
    known = {STAMP} | set(files) if isinstance(files, dict) else set()
    folders = {str(parent) for name in known for parent in Path(name).parents}
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*"))]
    return [str(name) for name in names if name.parts[0] != DOCS and str(name) not in known | folders]


def _read(folder: Path) -> dict[str, object] | None:
    try:
        stamp = json.loads((folder / STAMP).read_bytes())
    except (OSError, ValueError):
        return None
    known = isinstance(stamp, dict) and "inputs" in stamp
    return stamp if known else None


def _has(path: Path, digest: object) -> bool:
    try:
        return _sha256(path.read_bytes()) == digest
    except OSError:
        return False


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise WriteError(error.errno, error.strerror or str(error), str(path)) from None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
