"""The text file of a row: a line with what all results share, a line per result, a line with the SHA-256 above it."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from spurgen.benchmark.errors import ReadError, checked, shortened
from spurgen.benchmark.reading import parse_json
from spurgen.benchmark.result import SCHEMA_VERSION, Environment, Result
from spurgen.harness.results.arrays import Shape, shapes_of
from spurgen.harness.results.rows import TaskRow

LINE_CHARACTERS = 1 << 22  # a submission's report takes at most a quarter of it
SHARED = ("suite", "submission", "spec", "options", "access", "submission_sha256", "isolation", "uncorrelated")


def to_text(row: Mapping[str, TaskRow], arrays_sha256: str) -> str:
    """Return the text of a row."""
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


class Head(BaseModel):
    """The first line of a row's text: what its results share, and the shapes by task and SHA-256 of its arrays."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: int
    shared: dict[str, JsonValue]
    environments: tuple[Environment, ...]
    data_sha256: dict[str, str]
    arrays: dict[str, Shape]
    arrays_sha256: str


def parse(content: str) -> tuple[Head, dict[str, list[Result]]]:
    """Return the head of a row's text and its results by task.

    Raise `ReadError`, which names the line but not the file, if the text is damaged.
    """
    lines = content.splitlines(keepends=True)
    first, last = parse_line(lines, 1), parse_line(lines, len(lines))
    if first.get("schema_version") != SCHEMA_VERSION:
        version = shortened(first.get("schema_version"))
        raise ReadError(f"schema version {version}, and this spurgen reads {SCHEMA_VERSION}")
    if hashlib.sha256("".join(lines[:-1]).encode()).hexdigest() != last.get("sha256"):
        raise ReadError("the text does not match its SHA-256, so it was edited or is not whole")
    head = checked(Head.model_validate, first, _at_line(1))
    results: dict[str, list[Result]] = {}
    for number in range(2, len(lines)):
        result = checked(Result.model_validate, _completed(parse_line(lines, number), head), _at_line(number))
        results.setdefault(result.task, []).append(result)
    for task, of_task in results.items():
        _check_seeds(task, of_task, head.arrays.get(task))
    return head, results


def parse_line(lines: Sequence[str], number: int) -> dict[str, Any]:
    """Return the JSON object on a line, counted from 1; raise `ReadError` if there is none."""
    if not 0 < number <= len(lines):
        raise ReadError("it is empty")
    line = lines[number - 1]
    if len(line) > LINE_CHARACTERS:
        raise ReadError(f"line {number} has {len(line):,} characters, at most {LINE_CHARACTERS:,}")
    try:
        value = parse_json(line)
    except ValueError as error:
        raise ReadError(f"line {number}: {error}") from None
    if not isinstance(value, dict):
        raise ReadError(f"line {number}: {shortened(value)}, expected an object")
    return value


def _at_line(number: int) -> Callable[[str], ReadError]:
    return lambda why: ReadError(f"line {number}: {why}")


def _completed(line: dict[str, Any], head: Head) -> dict[str, Any]:
    """Return a result's line completed from the head; fields that do not fit are left for validation to report."""
    fields = {**head.shared, **line}
    match fields:
        case {"task": str(task)} if task in head.data_sha256:
            fields.setdefault("data_sha256", head.data_sha256[task])
    match fields:
        case {"provenance": {"environment": int(place)}} if 0 <= place < len(head.environments):
            fields["provenance"] = {**fields["provenance"], "environment": head.environments[place]}
    return fields


def _check_seeds(task: str, results: Sequence[Result], shape: Shape | None) -> None:
    seeds = [result.seed for result in results]
    if seeds != sorted(set(seeds)):
        raise ReadError(f"task {task}: its seeds are {shortened(seeds)}, expected each once and in ascending order")
    finished = sum(result.error is None for result in results)
    if shape is not None and shape.seeds != finished:
        raise ReadError(f"arrays.{task}: {shape.seeds} seeds, expected those of {finished} results without an error")
