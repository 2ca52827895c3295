"""The rows and the files of a suite's leaderboard."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spurgen.benchmark.suite import Suite
from spurgen.harness.board.export import to_csv, to_json
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.markdown import to_markdown
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.machine.files import check_distinct, write_changed
from spurgen.harness.results.rows import Rows, TaskRow
from spurgen.harness.results.store import CEILING, MATCHED, PRIVATE, TRICKS, Store
from spurgen.harness.splits.private import read_commitments


def build_board(suite: Suite, results: Path, rows: Rows) -> Leaderboard:
    """Build a suite's leaderboard from rows, and the private rows in a folder of results."""
    references = {kind: Store(results, suite.name, kind).rows() for kind in (CEILING, MATCHED, TRICKS)}
    return build(suite, rows, read_private(suite, results), references)


def read_private(suite: Suite, results: Path) -> Rows:
    """Read the rows on the private splits of a suite's newest commitment; results on older ones are left out."""
    newest = [commitment.data_sha256 for commitment in read_commitments(suite)[-1:]]
    rows = Store(results, suite.name, PRIVATE).rows() if newest else {}
    return {label: {task: _only(part, newest) for task, part in row.items()} for label, row in rows.items()}


def _only(part: TaskRow, data: Sequence[str]) -> TaskRow:
    return replace(part, results=tuple(result for result in part.results if result.data_sha256 in data))


def write_board(board: Leaderboard, *, markdown: Path | None, csv: Path | None, json: Path | None) -> list[str]:
    """Write a leaderboard to the given files; return a line about each.

    Raise `SpurgenError` if two files are the same.
    """
    check_distinct({"--markdown": markdown, "--csv": csv, "--json": json})
    texts = {markdown: to_markdown, csv: to_csv, json: to_json}
    return [write_changed(path, text(board)) for path, text in texts.items() if path is not None]
