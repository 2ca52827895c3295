"""A person's answers on disk: a line with what was shown to whom, then a line per answer, written as it comes.

A line counts once its line end is on disk, so what a killed process leaves of the last one is ignored, and removed
before the next answer is added.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spurgen.benchmark.errors import ReadError, SpurgenError, explain, shortened
from spurgen.benchmark.reading import parse_json, read_text
from spurgen.benchmark.scenario_tables import MAX_CLASSES, Modality, Name
from spurgen.harness.machine.files import WriteError

FILE_BYTES = 1 << 22  # a line has about 70 bytes
MAX_INDEX = 1 << 24  # of a sample
MAX_MILLISECONDS = 86_400_000  # a day
Class = Annotated[int, Field(ge=0, lt=MAX_CLASSES)]
Count = Annotated[int, Field(ge=0, le=10_000)]
Annotator = Annotated[Name, Field(max_length=40)]
Model = TypeVar("Model", bound=BaseModel)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Header(_Frozen):
    """What was shown to whom.

    `scenario_sha256`: the digest of the world. `classes`: those that the letters A, B, ... stand for. `scenes`: of
    test. `practice`: how many practice scenes there are at most.
    """

    schema_version: Literal[1] = 1
    suite: Name
    task: Name
    modality: Modality
    world: Annotated[int, Field(ge=0, lt=10**9)]
    scenario_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    annotator: Annotator
    classes: Annotated[tuple[Class, ...], Field(min_length=2, max_length=MAX_CLASSES, strict=False)]
    scenes: Annotated[int, Field(ge=1, le=10_000)]
    practice: Count


class Answer(_Frozen):
    """An answer: the class chosen for a sample of the phase's split, None in the study phase.

    `milliseconds`: from when the scene was shown.
    """

    phase: Literal["study", "practice", "test"]
    index: Annotated[int, Field(ge=0, lt=MAX_INDEX)]
    choice: Class | None = None
    milliseconds: Annotated[int, Field(ge=0, le=MAX_MILLISECONDS)]


@dataclass(frozen=True)
class Answers:
    """The content of a file of answers."""

    header: Header
    given: list[Answer] = field(default_factory=list)

    def in_phase(self, phase: str) -> list[Answer]:
        """Return the answers of a phase, in order."""
        return [answer for answer in self.given if answer.phase == phase]

    @property
    def complete(self) -> bool:
        """Whether every test scene is answered."""
        return len(self.in_phase("test")) == self.header.scenes


def read_answers(path: Path) -> Answers | None:
    """Return the answers in a file; None if it has no whole line. Raise `ReadError`, which names it, if it is damaged.

    Raises `MissingError` if there is no file.
    """
    text = read_text(path, FILE_BYTES, "the answers")
    lines = text.split("\n")[:-1]  # what follows the last line end is nothing, or half a line
    if not lines:
        return None
    try:
        answers = Answers(_parsed(Header, lines, 0), [_parsed(Answer, lines, k) for k in range(1, len(lines))])
        _check(answers)
    except ReadError as error:
        raise ReadError(f"cannot read the answers {path}: {error}; restore the file or move it away") from None
    if answers.header.annotator != path.stem:
        raise ReadError(f"the answers {path} are those of {answers.header.annotator}; give the file that name again")
    return answers


def _parsed(model: type[Model], lines: Sequence[str], place: int) -> Model:
    where = f"line {place + 1}"
    try:
        return model.model_validate(parse_json(lines[place]))
    except ValidationError as error:
        raise ReadError(f"{where}: {explain(error.errors())}") from None
    except ValueError as error:
        raise ReadError(f"{where}: {error}") from None


def _check(answers: Answers) -> None:
    """Raise `ReadError` for answers that cannot all be from one run of the protocol."""
    header, tested = answers.header, answers.in_phase("test")
    if len(set(header.classes)) < len(header.classes):
        raise ReadError(f"line 1: classes {list(header.classes)} name a class twice")
    if len(tested) > header.scenes or len({answer.index for answer in tested}) < len(tested):
        raise ReadError(f"it has {len(tested)} test answers, expected one for each of {header.scenes} scenes")
    for place, answer in enumerate(answers.given, 2):
        if (answer.choice is None) != (answer.phase == "study"):
            raise ReadError(f"line {place}: a {answer.phase} answer with choice {answer.choice}")
        if answer.choice is not None and answer.choice not in header.classes:
            raise ReadError(f"line {place}: choice {answer.choice} is none of the classes {list(header.classes)}")


class AnswerFile:
    """A file of answers that is open to be added to; no other process can have it open."""

    def __init__(self, file: FileIO, path: Path) -> None:
        self._file, self._path = file, path

    def add(self, line: Header | Answer) -> None:
        """Write a line, whole and to the disk, or nothing; raise `WriteError` if the system refuses."""
        content = json.dumps(line.model_dump(exclude_none=True), separators=(",", ":")).encode() + b"\n"
        size = self._file.seek(0, os.SEEK_END)
        try:
            if self._file.write(content) != len(content):
                raise OSError(0, "the disk took only a part of the line")
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.truncate(size)
            raise WriteError(error.errno, error.strerror or str(error), str(self._path)) from None


@contextmanager
def open_answers(path: Path, header: Header) -> Iterator[tuple[AnswerFile, Answers]]:
    """Open an annotator's file to be added to, and return what it has; a new one starts with the header.

    Raises `SpurgenError` if another process has it open, or its header is another one.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except OSError as error:
        raise WriteError(error.errno, error.strerror or str(error), str(path)) from None
    with FileIO(handle, "r+") as file:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SpurgenError(f"another process adds answers to {path}; stop it, or name another annotator") from None
        answers = read_answers(path)
        check_header(path, answers, header)
        file.truncate(file.readall().rfind(b"\n") + 1)
        added = AnswerFile(file, path)
        if answers is None:
            added.add(header)
        yield added, answers or Answers(header)


def check_header(path: Path, answers: Answers | None, header: Header) -> None:
    """Raise `SpurgenError` if answers were given to something else than a header describes."""
    if answers is None or answers.header == header:
        return
    before, now = (each.model_dump() for each in (answers.header, header))
    key = next(key for key in before if before[key] != now[key])
    raise SpurgenError(
        f"the answers {path} were given with {key} {shortened(before[key])}, not {shortened(now[key])}; leave "
        "out the flags to go on with them, or name another annotator"
    )
