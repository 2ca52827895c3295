"""A model's results in context, beside the exact learner and probes: lines, a table for a terminal, and a row file."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, field_validator
from rich.table import Table

from spurgen.benchmark.errors import ReadError, checked, shortened
from spurgen.benchmark.reading import parse_json, read_text
from spurgen.harness.context.episodes import LADDER, RUNGS, SHOWN, STATES
from spurgen.harness.context.scores import Scores
from spurgen.harness.machine.printing import one_line, signed, terminal_table
from spurgen.harness.metrics.arrays import Float64
from spurgen.harness.results.store import IN_CONTEXT, SHIPPED
from spurgen.harness.statistics.needed import Goal, Needed, needed

VERSION = 2  # of the row file and of the episodes
ROW_BYTES = 1 << 24
EXACT = "exact Bayes"
"""The name of the ideal observer among learners."""
THRESHOLD = 0.9
GOAL = Goal(RUNGS[1:], THRESHOLD)
TITLES = {"arbitrary": "A/B", "named": "names"}
_NUMBER = rf"<={RUNGS[1]}|>{RUNGS[-1]}|[1-9]\d?"  # counterexamples needed, as `Needed.text` writes them
NEEDED = re.compile(rf"({_NUMBER})( \[({_NUMBER}), ({_NUMBER})\])?", re.ASCII)


class Line(NamedTuple):
    """A measure of a learner by episode and rung, float64 (W, R), and the counterexamples needed where it has them."""

    learner: str
    labels: str
    measure: str
    values: Float64
    needed: Needed | None


def lines_of(learners: Mapping[str, Mapping[str, Scores]]) -> list[Line]:
    """Return the lines of learners, by the kinds of labels that they were shown; no kind is an empty name."""
    return [line for name, kinds in learners.items() for kind in kinds for line in _lines(name, kind, kinds[kind])]


def _lines(learner: str, kind: str, scores: Scores) -> Iterator[Line]:
    def line(measure: str, values: Float64, *, counted: bool = False) -> Line:
        known = counted and bool(np.isfinite(values).all())
        return Line(learner, kind, measure, values, needed(values[:, 1:], GOAL) if known else None)

    yield line("pairs", scores.pairs("mislead"), counted=True)
    if kind:  # a language model, whose answers can be biased
        yield line("answers", scores.answers(calibrated=False), counted=True)
        yield line("calibrated", scores.answers(calibrated=True), counted=True)
        yield line("margin, nats", scores.margins())
        yield line("pairs, agree", scores.pairs("agree"))
        yield line("pairs, neutral", scores.pairs("neutral"))


def table_of(lines: list[Line]) -> Table:
    """Return the lines as a table: means over episodes by rung, and the counterexamples needed."""
    first, *others = map(str, RUNGS)
    table = terminal_table("", f"m = {first}", *others, f"N ({THRESHOLD:.0%})")
    last = ""
    for line in lines:
        name = one_line(line.learner)
        head = f"{name} ({TITLES[line.labels]})" if line.labels else ""
        if head not in ("", last):
            table.add_row(head)
        last = head
        means = ["-" if np.isnan(mean) else signed(mean, ".2f") for mean in line.values.mean(axis=0).tolist()]
        table.add_row(f"  {line.measure}" if head else name, *means, line.needed.text if line.needed else "")
    return table


def to_json(model: str, source: Mapping[str, Any], learners: Mapping[str, Mapping[str, Scores]]) -> str:
    """Return a row file: where the model ran, all log-odds, from which every line follows, and the lines' means."""
    lines = [
        {"learner": line.learner, "labels": line.labels or None, "measure": line.measure,
         "means": [None if np.isnan(mean) else round(mean, 4) for mean in line.values.mean(axis=0).tolist()],
         "needed": line.needed and line.needed.text}
        for line in lines_of(learners)
    ]  # fmt: skip
    kept = [
        {"learner": name, "labels": kind or None, "second": scores.second.tolist(), "odds": _rounded(scores.odds)}
        for name, kinds in learners.items() for kind, scores in kinds.items()
    ]  # fmt: skip
    head = {
        "version": VERSION, "task": LADDER.name, "world": LADDER.digest, "model": model, "source": dict(source),
        "episodes": len(kept[0]["second"]), "demonstrations": SHOWN, "rungs": RUNGS, "states": STATES,
        "threshold": THRESHOLD,
    }  # fmt: skip
    return json.dumps({**head, "lines": lines, "log_odds": kept}, allow_nan=False) + "\n"


def _rounded(odds: Float64) -> list[Any]:
    """Return log-odds with four decimals, as nested lists; None where there is no answer."""
    return [[[None if np.isnan(x) else round(x, 4) for x in row] for row in rung] for rung in odds.tolist()]


def stored_models(results: Path) -> list[dict[tuple[str, str], str]]:
    """Return the counterexamples needed by pairs in each row file of the package and of a folder of results.

    The numbers are texts by learner and kind of labels, such as `{("smollm2", "arbitrary"): "4 [3, 5]"}`. Raise
    `ReadError` for an invalid file.
    """
    files = {path.name: path for at in (SHIPPED, results) for path in sorted((at / IN_CONTEXT).glob("*.json"))}
    return [_needed(path) for path in files.values()]


class _StoredLine(BaseModel):
    """What is read of a line of a row file."""

    learner: str
    labels: Literal["arbitrary", "named"] | None
    measure: str
    needed: str | None

    @field_validator("needed")
    @classmethod
    def _is_a_number(cls, text: str | None) -> str | None:
        if text is not None and not NEEDED.fullmatch(text):
            raise ValueError(f"expected counterexamples such as 4, 4 [3, >16] or <=1, not {shortened(text)}")
        return text


class _StoredRow(BaseModel):
    """What is read of a row file."""

    lines: list[_StoredLine]


def _needed(path: Path) -> dict[tuple[str, str], str]:
    def no_row(why: object) -> ReadError:
        return ReadError(f"{path} is no row of spurgen ask: {why}; delete it, or ask again")

    try:
        row = parse_json(read_text(path, ROW_BYTES))
    except ValueError as error:
        raise no_row(error) from None
    if isinstance(row, dict) and row.get("version", VERSION) != VERSION:
        raise ReadError(f"{path} is a row of version {shortened(row['version'])}, expected {VERSION}; ask again")
    lines = checked(_StoredRow.model_validate, row, no_row).lines
    found = {(line.learner, line.labels or ""): line.needed for line in lines if line.measure == "pairs"}
    return {(one_line(name), labels): number for (name, labels), number in found.items() if number}
