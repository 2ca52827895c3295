"""A report on a learner: sentences, and tables of lines of the board's frame, as text, Markdown and JSON.

`spurgen run`, `profile`, `ask` and `evaluate` return one each. Their files have one schema, the leaderboard's: what the
report is about, key by key, and tables with `columns` and `rows`.
"""

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from spurgen.benchmark.errors import ReadError, checked, shortened
from spurgen.benchmark.reading import read_json
from spurgen.harness.board.columns import TEXTS, TRUE_OR_FALSE, Line, Record, cell, column, filled
from spurgen.harness.board.formats import escaped
from spurgen.harness.board.schema import SCHEMA_VERSION
from spurgen.harness.machine.printing import markdown_table, one_line, plain_table
from spurgen.harness.results import rows

Kind = Literal["evaluate", "profile", "run", "ask"]
"""The command that makes a report."""
_TEXTS, _FLAGS = {*TEXTS, *rows.TEXTS}, {*TRUE_OR_FALSE, *rows.FLAGS}
_TYPES = {str: "text", bool: "true or false", int: "a number", float: "a number"}


@dataclass(frozen=True)
class Table:
    """A table of lines of the frame; `shown`: keys of its columns, of which those that no line fills are left out.

    Without `shown` it is in the JSON file alone. `name`: in that file, where tables of one name are one. `title`: its
    heading, and `text` a paragraph below it.
    `intervals`: whether every number shows its interval, not only those of the board. `by`: makes each line a column,
    named by the line's value of this key.
    """

    name: str
    lines: Sequence[Line]
    shown: Sequence[str]
    title: str = ""
    text: str = ""
    intervals: bool = False
    by: str = ""

    def cells(self, *, escape: bool = False) -> list[dict[str, str]]:
        """Return the rows of the table, texts by title; `escape`: strangers' texts for Markdown."""
        lines = escaped(self.lines) if escape else self.lines
        keys = filled(lines, self.shown)
        if self.by:
            return [
                {"": column(key).title} | {str(line[self.by]): cell(key, line, self.intervals) for line in lines}
                for key in keys
            ]
        return [{column(key).title: cell(key, line, self.intervals) for key in keys} for line in lines]


@dataclass(frozen=True)
class Report:
    """What was measured and found.

    `sentence`: the verdict. `parts`: paragraphs and tables in reading order. `notes`: what limits the conclusions. All
    but the tables is Markdown: who writes a stranger's name into it escapes it. `about`: what was measured and how, as
    JSON. `command`: repeats it.
    """

    kind: Kind
    title: str
    sentence: str
    parts: Sequence[Table | str]
    notes: Sequence[str] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""

    @property
    def _visible(self) -> list[Table | str]:
        return [part for part in self.parts if isinstance(part, str) or part.shown]

    def to_text(self, width: int, *names: str) -> str:
        """Return the tables of these names, by default the paragraphs and all tables, then the sentence.

        `width`: characters of a line of a paragraph; tables are as wide as they are.
        """
        said: list[str] = []
        for part in self._visible:
            if isinstance(part, str):
                said += [] if names else [part]
            elif not names:
                said += [part.title, plain_table(part.cells()), part.text]
            elif part.name in names:
                said.append(plain_table(part.cells()))
        wrapped = [text if "\n" in text else textwrap.fill(text, width) for text in (*said, self.sentence)]
        return "\n\n".join(filter(None, wrapped))

    def to_markdown(self, files: Sequence[str] = ()) -> str:
        """Return the whole report; `files`: names of the pictures beside it."""
        said = [f"# {self.title}", self.sentence]
        for part in self._visible:
            if isinstance(part, str):
                said.append(part)
            else:
                said += [f"## {part.title}"] if part.title else []
                said += [markdown_table(part.cells(escape=True)), part.text]
        said += ["## What limits this", bullets(self.notes)] if self.notes else []
        said += ["## How to repeat it", f"```\n{one_line(self.command)}\n```"] if self.command else []
        said += ["## Plots", bullets([f"[{name}]({name})" for name in files])] if files else []
        return "\n\n".join(filter(None, said)) + "\n"

    def to_json(self) -> str:
        """Return all lines of the tables, and the rest key by key; a NaN is an error."""
        tables: dict[str, list[Line]] = {}
        for part in self.parts:
            if isinstance(part, Table) and part.name:
                tables.setdefault(part.name, []).extend(part.lines)
        head = {
            "schema_version": SCHEMA_VERSION, "report": self.kind, "title": self.title, "sentence": self.sentence,
            "notes": list(self.notes), "command": self.command, **self.about,
        }  # fmt: skip
        said = [f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in head.items()]
        shown = [f"  {json.dumps(name)}: {_rows_of(lines)}" for name, lines in tables.items()]
        return "{\n" + ",\n".join([*said, ' "tables": {\n' + ",\n".join(shown) + "\n }"]) + "\n}\n"


def bullets(lines: Iterable[str]) -> str:
    """Return lines as a list in Markdown."""
    return "\n".join(f"- {line}" for line in lines)


def _rows_of(lines: Sequence[Line]) -> str:
    """Return lines as JSON, a row of it each, so that a change of one shows as one."""
    columns = list(dict.fromkeys(key for line in lines for key in line))
    rows = [json.dumps([line.get(key) for key in columns], allow_nan=False) for line in lines]
    return f'{{"columns": {json.dumps(columns)}, "rows": [\n   ' + ",\n   ".join(rows) + "\n  ]}"


class _Rows(BaseModel):
    """A table of a file; values have the types of the frame, so that a stranger's file can be drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[str, ...]
    rows: tuple[tuple[str | bool | int | float | None, ...], ...]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row has {len(row)} values for {len(self.columns)} columns")
            for key, value in zip(self.columns, row, strict=True):
                wanted = "text" if key in _TEXTS else "true or false" if key in _FLAGS else "a number"
                if value is not None and wanted != _TYPES[type(value)]:
                    raise ValueError(f"expected {wanted} as {shortened(key)} (got {shortened(value)})")
        return self

    @property
    def lines(self) -> list[Record]:
        """The lines, without what they lack."""
        pairs = (zip(self.columns, row, strict=True) for row in self.rows)
        return [{key: value for key, value in row if value is not None} for row in pairs]


class StoredReport(BaseModel):
    """A report that was read."""

    model_config = ConfigDict(frozen=True, extra="allow")

    schema_version: int
    report: str
    tables: dict[str, _Rows]

    @property
    def about(self) -> Mapping[str, Any]:
        """What is said besides the tables."""
        return self.model_extra or {}

    def lines(self, table: str) -> list[Record]:
        """Return the lines of a table; none if there is no such table."""
        return self.tables[table].lines if table in self.tables else []


def read_report(path: Path, kind: Kind) -> StoredReport:
    """Read the JSON file of a report; raise `ReadError`, which names the file, if it is not one of this kind."""

    def refused(why: object) -> ReadError:
        return ReadError(f"{path} is no report of spurgen {kind}: {why}")

    record = read_json(path, f"the report of spurgen {kind}")
    version = record.get("schema_version") if isinstance(record, dict) else None
    if version != SCHEMA_VERSION:
        again = f"make it again by spurgen {kind}, which stored all that took long"
        raise refused(f"it has schema_version {shortened(version)}, not {SCHEMA_VERSION}; {again}")
    found = checked(StoredReport.model_validate, record, refused)
    if found.report != kind:
        raise refused(f"it is one of spurgen {shortened(found.report)}")
    return found
