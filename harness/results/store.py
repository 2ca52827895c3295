"""Results on disk: one text file and one binary file per submission and suite.

`<label>.jsonl` is for people to read: a first line with what all results share, a line per result, and a last line with
the SHA-256 of the text above it. `<label>.npz` contains the arrays that the bootstrap reads; the text has its SHA-256.
Both are replaced together: a killed process leaves the old pair or the new pair.
"""

import fcntl
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from pydantic import ValidationError

from spurgen.benchmark.errors import SpurgenError, explain
from spurgen.benchmark.result import SCHEMA_VERSION, Environment, Result, Samples, round_samples
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.results.arrays import Shape, from_bytes, shapes_of, to_bytes
from spurgen.harness.results.rows import Row, TaskRow, make_task_row

SHIPPED = Path(__file__).parents[2] / "benchmark" / "results"
"""Folder of the results that ship with the package."""
OWN = Path("spurgen-results")
"""Default folder for a user's own results."""
SHARED = ("suite", "submission", "spec", "options", "access", "submission_sha256", "isolation", "uncorrelated")
REMEDY = "restore it from version control, or delete it and run its jobs again"


def label_of(spec: str, options: Mapping[str, object]) -> str:
    """Return the label of a submission's row: the name of its file or module, followed by its options."""
    stem = (
        Path(spec).stem
        if spec.endswith(".py")
        else spec.removesuffix(":submission").replace(":", ".").rpartition(".")[2]
    )
    return re.sub(r"[^\w.=+-]", "_", "-".join([stem, *(f"{name}={value}" for name, value in sorted(options.items()))]))


class Store:
    """The rows of one suite: those in a results folder, and otherwise those that ship with the package.

    A row in the folder hides the shipped row of the same label, and starts as a copy of it. `kind` is `private` or
    `reference` for results that are on no leaderboard.
    """

    def __init__(self, results: Path, suite: str, kind: str = "") -> None:
        self.folder = results / suite / kind
        shipped = SHIPPED / suite / kind
        self._folders = [self.folder] if shipped.resolve() == self.folder.resolve() else [self.folder, shipped]

    def labels(self) -> list[str]:
        """Return the labels of all rows, sorted."""
        return sorted({path.stem for folder in self._folders for path in folder.glob("*.jsonl")})

    def rows(self) -> dict[str, Row]:
        """Return all rows by label; raise `SpurgenError`, which names the file, if one is damaged."""
        return {label: self.row(label) for label in self.labels()}

    def overriding(self) -> list[str]:
        """Return the labels of rows in the folder that differ from the shipped rows of the same label, sorted."""
        own, *shipped = self._folders
        pairs = ((path, folder / path.name) for folder in shipped for path in own.glob("*.jsonl"))
        return sorted(own.stem for own, other in pairs if other.exists() and own.read_bytes() != other.read_bytes())

    def row(self, label: str) -> dict[str, TaskRow]:
        """Return a row, tasks in the order in which they were first run; an empty one if there is none."""
        texts = (folder / f"{label}.jsonl" for folder in self._folders)
        text = next(filter(Path.exists, texts), None)
        if text is None:
            return {}
        binary = text.parent / f"{label}.npz"
        try:
            return _parse_unchanging(text, binary)
        except SpurgenError as error:
            raise SpurgenError(f"{text}: {error}; {REMEDY}") from None
        except ValidationError as error:
            wrong = "; ".join(line.strip() for line in explain(error.errors()[:3]))
            raise SpurgenError(f"{text} is damaged: {wrong}; {REMEDY}") from None
        except (OSError, ValueError, KeyError, IndexError, TypeError, BadZipFile) as error:
            raise SpurgenError(f"{text} is damaged: {type(error).__name__}: {error}; {REMEDY}") from None

    def add(
        self, label: str, result: Result, samples: Samples, is_current: Callable[[Result], bool] | None = None
    ) -> None:
        """Add a result to a row, and drop the results that it makes stale.

        Those are all results of another version of the submission, and all results of the task if one of them is not
        current, since a sum over seeds cannot be undone; by default a result of this seed with another identity is not.
        If a current result of this seed is there already, made by another process, it stays and the new one is dropped.
        """
        with self._locked():
            row = {
                task: part
                for task, part in self.row(label).items()
                if part.results[0].submission_sha256 == result.submission_sha256
            }
            part = row.get(result.task)
            finished = [old for old in part.results if old.error is None] if part else []
            current = is_current or (lambda old: old.seed != result.seed or old.identity == result.identity)
            if not all(map(current, finished)):
                part = None
            elif result.seed in {old.seed for old in finished}:
                return
            row[result.task] = _extended(part, result, round_samples(samples))
            self.write(label, row)

    def update(self, label: str, results: list[Result]) -> None:
        """Replace results by others with the same tasks and seeds; keep their samples."""
        with self._locked():
            row = self.row(label)
            changed = {(result.task, result.seed): result for result in results}
            parts = {
                task: TaskRow(tuple(changed.get((task, r.seed), r) for r in part.results), part.correct, part.sums)
                for task, part in row.items()
            }
            self.write(label, parts)

    def write(self, label: str, row: Mapping[str, TaskRow]) -> None:
        """Write a whole row: first the arrays as a pending file, then the text, then rename the arrays."""
        text, binary = self.folder / f"{label}.jsonl", self.folder / f"{label}.npz"
        _complete(text, binary)
        arrays = to_bytes(row)
        pending = _pending(binary)
        write_atomically(pending, arrays)
        write_atomically(text, _to_text(row, hashlib.sha256(arrays).hexdigest()))
        pending.replace(binary)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock the folder against other writing processes; wait for the lock."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _extended(part: TaskRow | None, result: Result, samples: Samples) -> TaskRow:
    """Return a task's row with one more result."""
    alone = make_task_row([(result, samples)])
    if part is None:
        return alone
    others = [old for old in part.results if old.seed != result.seed]
    results = tuple(sorted([*others, result], key=lambda each: each.seed))
    if not samples:
        return TaskRow(results, part.correct, part.sums)
    place = sum(old.error is None and old.seed < result.seed for old in others)
    if not len(part.correct):
        return TaskRow(results, alone.correct, alone.sums)
    sums = {name: total + samples[name] for name, total in part.sums.items()}
    return TaskRow(results, np.insert(part.correct, place, samples["correct"], axis=0), sums)


def _to_text(row: Mapping[str, TaskRow], arrays_sha256: str) -> str:
    results = [result for part in row.values() for result in part.results]
    dumped = [result.model_dump(exclude_defaults=True) for result in results]
    environments = list(
        {_compact(d["provenance"]["environment"]): d["provenance"]["environment"] for d in dumped}.values()
    )
    shared = {key: dumped[0].get(key) for key in SHARED if all(d.get(key) == dumped[0].get(key) for d in dumped)}
    for line in dumped:
        if line["data_sha256"] == row[line["task"]].results[0].data_sha256:
            del line["data_sha256"]
        line["provenance"]["environment"] = environments.index(line["provenance"]["environment"])
    head = {
        "schema_version": SCHEMA_VERSION,
        "shared": {key: value for key, value in shared.items() if value is not None},
        "environments": environments,
        "data_sha256": {task: part.results[0].data_sha256 for task, part in row.items()},
        "arrays": shapes_of(row),
        "arrays_sha256": arrays_sha256,
    }
    lines = [head, *({key: value for key, value in line.items() if key not in shared} for line in dumped)]
    body = "".join(f"{_compact(line)}\n" for line in lines)
    return f"{body}{_compact({'sha256': hashlib.sha256(body.encode()).hexdigest()})}\n"


def _compact(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _parse_unchanging(text: Path, binary: Path) -> dict[str, TaskRow]:
    """Parse a row; start over if another process replaced it in the meantime."""
    content = text.read_text(encoding="utf-8")
    try:
        return _parse(content, binary)
    except SpurgenError:
        if text.read_text(encoding="utf-8") == content:
            raise
        return _parse_unchanging(text, binary)


def _parse(content: str, binary: Path) -> dict[str, TaskRow]:
    lines = content.splitlines(keepends=True)
    head = json.loads(lines[0])
    if head["schema_version"] != SCHEMA_VERSION:
        raise SpurgenError(f"schema version {head['schema_version']}, and this spurgen reads {SCHEMA_VERSION}")
    if hashlib.sha256("".join(lines[:-1]).encode()).hexdigest() != json.loads(lines[-1])["sha256"]:
        raise SpurgenError("the text does not match its SHA-256, so it was edited or is not whole")
    shapes = {task: Shape(shape[0], shape[1], shape[2], tuple(shape[3])) for task, shape in head["arrays"].items()}
    arrays = from_bytes(_matching(binary, head["arrays_sha256"]), shapes)
    results: dict[str, list[Result]] = {}
    for line in lines[1:-1]:
        result = _result(head, json.loads(line))
        results.setdefault(result.task, []).append(result)
    return {task: TaskRow(tuple(of_task), *arrays.get(task, ())) for task, of_task in results.items()}


def _result(head: dict[str, Any], line: dict[str, Any]) -> Result:
    provenance = line["provenance"]
    provenance["environment"] = Environment.model_validate(head["environments"][provenance["environment"]])
    return Result.model_validate({**head["shared"], "data_sha256": head["data_sha256"][line["task"]], **line})


def _pending(binary: Path) -> Path:
    return binary.parent / f"{binary.name}.pending"


def _complete(text: Path, binary: Path) -> None:
    """Complete a write that was interrupted after the text, before the next one overwrites the pending arrays."""
    pending = _pending(binary)
    if pending.exists() and text.exists():
        wanted = json.loads(text.read_text(encoding="utf-8").partition("\n")[0])["arrays_sha256"]
        if hashlib.sha256(pending.read_bytes()).hexdigest() == wanted:
            pending.replace(binary)


def _matching(binary: Path, sha256: str) -> bytes:
    """Return the arrays that belong to a text: after an interrupted write, those that are still pending."""
    for path in (binary, _pending(binary)):
        with suppress(FileNotFoundError):
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() == sha256:
                return content
    raise SpurgenError(f"{binary.name} {'does not match its SHA-256' if binary.exists() else 'is missing'}")


def check_owner(row: Mapping[str, TaskRow], label: str, spec: str, submission_sha256: str) -> bool:
    """Return whether a row has results of another version of the submission, which new results will replace.

    Raise `SpurgenError` if the row belongs to another submission. A file that was moved but not edited is the same
    submission.
    """
    owners = [part.results[0] for part in row.values()]
    for owner in owners:
        if _place(owner.spec) != _place(spec) and owner.submission_sha256 != submission_sha256:
            raise SpurgenError(
                f"the row {label} belongs to {owner.spec}; rename {spec}, name another folder with --results, or "
                "delete that row first"
            )
    return any(owner.submission_sha256 != submission_sha256 for owner in owners)


def _place(spec: str) -> str:
    return str(Path(spec).resolve()) if spec.endswith(".py") else spec
