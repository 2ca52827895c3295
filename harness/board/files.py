"""Which rows a board is made of: those that came with the package, and a user's own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spurgen.benchmark.suite import Suite
from spurgen.harness.results.rows import Row, Rows, TaskRow
from spurgen.harness.results.store import SHIPPED, Store
from spurgen.harness.splits.private import read_commitments

CANONICAL = "v1"


def stem_for(suite: str, stem: str) -> str:
    """Return the stem of a suite's file: `stem` alone for the canonical suite, STEM-SUITE for another."""
    return stem if suite == CANONICAL else f"{stem}-{suite}"


def read_rows(suite: Suite, folders: Sequence[Path], kind: str = "") -> dict[str, Row]:
    """Read a suite's rows from several folders; of two rows of one label the later folder's counts."""
    rows: dict[str, Row] = {}
    for folder in dict.fromkeys(folder.resolve() for folder in folders):
        rows |= Store(folder, suite.name, kind).rows()
    return dict(sorted(rows.items()))


def folders_with(own: Path) -> list[Path]:
    """Return the folders whose rows a board shows: the package's, and a user's own, which come last."""
    return [SHIPPED, own]


def read_private(suite: Suite, folders: Sequence[Path]) -> Rows:
    """Read the rows on the private splits of a suite's newest commitment; results on older ones are left out."""
    known = [commitment.data_sha256 for commitment in read_commitments(suite)[-1:]]
    rows = read_rows(suite, folders, "private")
    return {label: {task: _only(part, known) for task, part in row.items()} for label, row in rows.items()}


def _only(part: TaskRow, known: Sequence[str]) -> TaskRow:
    return replace(part, results=tuple(result for result in part.results if result.data_sha256 in known))
