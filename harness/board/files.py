"""The rows and the files of a suite's leaderboard."""

from pathlib import Path

from spurgen.benchmark.suite import Suite
from spurgen.harness.board.export import to_csv, to_json
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.markdown import to_markdown
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.machine.files import check_distinct, write_changed
from spurgen.harness.results.rows import Rows
from spurgen.harness.results.store import CEILING, MATCHED, TRICKS, Store


def build_board(suite: Suite, results: Path, rows: Rows) -> Leaderboard:
    """Build a suite's leaderboard from rows, and the references in a folder of results."""
    references = {kind: Store(results, suite.name, kind).rows() for kind in (CEILING, MATCHED, TRICKS)}
    return build(suite, rows, references)


def write_board(board: Leaderboard, *, markdown: Path | None, csv: Path | None, json: Path | None) -> list[str]:
    """Write a leaderboard to the given files; return a line about each.

    Raise `SpurgenError` if two files are the same.
    """
    check_distinct({"--markdown": markdown, "--csv": csv, "--json": json})
    texts = {markdown: to_markdown, csv: to_csv, json: to_json}
    return [write_changed(path, text(board)) for path, text in texts.items() if path is not None]
