"""Rebuilds the leaderboard from the rows on disk; needs no model."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.files import write_leaderboard
from spurgen.harness.board.overview import overview_table
from spurgen.harness.board.rendering import to_terminal
from spurgen.harness.commands._arguments import add_suite
from spurgen.harness.commands._sections import around, renew
from spurgen.harness.results.store import RESULTS

BEGIN, END = "<!-- leaderboard: begin -->", "<!-- leaderboard: end -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    add_suite(parser)
    parser.add_argument(
        "--readme", type=Path, help=f"a file whose section from {BEGIN} to {END} is to be renewed as well"
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS,
        help="folder of the rows, beside which leaderboard.md, .csv and .json are written, leaderboard-SUITE.* of a "
        f"suite other than v1; default: {RESULTS}",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Writes the leaderboard's .md, .csv and .json beside the rows' folder and prints the table."""
    suite, rows = load_suite(arguments.suite), arguments.results
    if not any((rows / suite.name).glob("*/*.json")):
        raise SpurgenError(
            f"{rows} holds no rows of suite {suite.name}; run spurgen benchmark, or give --results the folder of rows"
        )
    if arguments.readme:
        around(arguments.readme, BEGIN, END)
    board, written = write_leaderboard(suite, rows, rows.parent)
    print(to_terminal(board))
    if arguments.readme:
        renew(arguments.readme, BEGIN, END, overview_table(board))
    console.print(f"wrote {written}.md, .csv and .json", markup=False, soft_wrap=True)
    return 0
