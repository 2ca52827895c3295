"""Rows on disk: a folder of cells per submission, each cell written once, atomically."""

import hashlib
import re
from collections import defaultdict
from pathlib import Path

from pydantic import ValidationError

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import SCHEMA_VERSION, Cell
from spurgen.harness.machine.files import write_atomically

RESULTS = Path("benchmark/results")
FAILED = ".failed.json"
SEAL = re.compile(r',\n "sha256": "([0-9a-f]{64})"\n}\n\Z')
SCHEMA = re.compile(r'"schema_version": *(\d+)')


def cell_file(results: Path, suite: str, label: str, task: str, seed: int, identity: str) -> Path:
    """Locates a cell: results/suite/label/task-seed-identity.json."""
    return results / suite / label / cell_name(task, seed, identity)


def cell_name(task: str, seed: int, identity: str) -> str:
    """Names a cell's file in its row's folder."""
    return f"{task}-{seed}-{identity[:16]}.json"


def label_of(spec: str, options: dict[str, object]) -> str:
    """Names a submission's folder after its file or module, and its options if any."""
    stem = (
        Path(spec).stem
        if spec.endswith(".py")
        else spec.removesuffix(":submission").replace(":", ".").rpartition(".")[2]
    )
    parts = [stem, *(f"{name}={value}" for name, value in sorted(options.items()))]
    return re.sub(r"[^\w.=+-]", "_", "-".join(parts))


def write_cell(path: Path, cell: Cell, *, alone: bool = True) -> None:
    """Writes a cell, sealed by a checksum; numbers are numbers, and none is NaN.

    A failed one gets a name of its own, so that it is run again: it may have been the machine's fault. If `alone`,
    removes what it makes stale.
    """
    kept = path.with_suffix(FAILED) if cell.error else path
    write_atomically(kept, seal(cell.model_dump_json(indent=1)))
    if alone:
        _remove_stale(kept, cell)


def seal(body: str) -> str:
    """Returns a JSON object's text with its own SHA-256 as the last entry."""
    return f'{body.removesuffix("}").rstrip()},\n "sha256": "{hashlib.sha256(body.encode()).hexdigest()}"\n}}\n'


def read_cell(path: Path) -> Cell:
    """Reads a cell; raises `SpurgenError` that names the file if it is none, or not as it was written."""
    try:
        text = path.read_text(encoding="utf-8")
        written = SCHEMA.search(text)
        if written and int(written[1]) > SCHEMA_VERSION:
            raise SpurgenError(
                f"{path} was written by a later version of spurgen (schema {written[1]}; this one reads "
                f"{SCHEMA_VERSION}); update spurgen"
            )
        sealed = SEAL.search(text)
        body = f"{text[: sealed.start()]}\n}}" if sealed else text
        if not sealed or hashlib.sha256(body.encode()).hexdigest() != sealed[1]:
            raise SpurgenError(
                f"{path} is not as it was written: its checksum {'does not fit' if sealed else 'is missing'}; "
                "restore it, or delete it and run the cell again"
            )
        return Cell.model_validate_json(body)
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise SpurgenError(
            f"{path} is not a result of this version: {error}\ndelete it and run the cell again"
        ) from None


def read_cells(results: Path, suite: str) -> dict[str, dict[str, list[Cell]]]:
    """Reads all cells of a suite: label -> task -> cells, seeds ascending."""
    rows: dict[str, dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted((results / suite).glob("*/*.json")):
        cell = read_cell(path)
        rows[path.parent.name][cell.task].append(cell)
    for tasks in rows.values():
        for cells in tasks.values():
            cells.sort(key=lambda cell: cell.seed)
    return rows


def check_owner(folder: Path, spec: str, submission_sha256: str) -> bool:
    """Says whether a row holds results of another version of the submission, which new ones replace.

    Raises `SpurgenError` if it belongs to another submission.
    """
    older = False
    for path in sorted(folder.glob("*.json")):  # all of them: a damaged one is told before any work
        owner = read_cell(path)
        older |= owner.submission_sha256 != submission_sha256
        # A path is relative to where the command ran; the same source is the same submission from anywhere.
        if _place(owner.spec) != _place(spec) and owner.submission_sha256 != submission_sha256:
            raise SpurgenError(
                f"the row {folder.name} belongs to {owner.spec}; rename {spec}, or remove {folder} first"
            )
    return older


def _place(spec: str) -> str:
    return str(Path(spec).resolve()) if spec.endswith(".py") else spec


def _remove_stale(path: Path, cell: Cell) -> None:
    """Removes older results of the same cell, and all that another version of the submission left in its row."""
    same = path.name.rpartition("-")[0]
    for other in path.parent.glob("*.json"):
        older = other.name.rpartition("-")[0] == same
        if other != path and (older or read_cell(other).submission_sha256 != cell.submission_sha256):
            other.unlink()
