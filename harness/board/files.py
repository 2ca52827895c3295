"""The leaderboard's files, and the rows that they are made of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spurgen.benchmark.result import Cell
from spurgen.benchmark.suite import Suite
from spurgen.harness.board.leaderboard import build
from spurgen.harness.board.rendering import to_csv, to_json, to_markdown
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.results.store import read_cells
from spurgen.harness.splits.private import read_commitments

CANONICAL = "v1"


def stem_for(suite: str, stem: str) -> str:
    """Names what is written for a suite: by `stem` alone for the canonical one, by STEM-SUITE for another."""
    return stem if suite == CANONICAL else f"{stem}-{suite}"


def private_folder(results: Path) -> Path:
    """Locates the cells on private splits, beside the rows."""
    return results.parent / "private"


def read_private(suite: Suite, results: Path) -> dict[str, dict[str, list[Cell]]]:
    """Reads the cells on the private splits of a suite's newest commitment; those on older ones are left out."""
    known = [commitment.data_sha256 for commitment in read_commitments(suite)[-1:]]
    rows = read_cells(private_folder(results), suite.name)
    return {
        label: {task: [cell for cell in cells if cell.data_sha256 in known] for task, cells in tasks.items()}
        for label, tasks in rows.items()
    }


def write_leaderboard(suite: Suite, results: Path, folder: Path) -> tuple[dict[str, Any], Path]:
    """Rebuilds a suite's leaderboard from the cells on disk; returns the board, and its files' path without ending.

    The files are leaderboard.json, .csv and .md, their stem as `stem_for` says.
    """
    board = build(suite, read_cells(results, suite.name), read_private(suite, results))
    writers: dict[str, Callable[[], str]] = {
        "json": lambda: to_json(board), "csv": lambda: to_csv(board), "md": lambda: to_markdown(board)
    }  # fmt: skip
    stem = stem_for(suite.name, "leaderboard")
    for ending, make in writers.items():
        write_atomically(folder / f"{stem}.{ending}", make())
    return board, folder / stem
