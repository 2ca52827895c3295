"""Rebuilds the leaderboard from the rows on disk; needs no model."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.suite import load_suite
from spurgen.harness.benchmarking import write_leaderboard
from spurgen.harness.rendering import to_markdown
from spurgen.harness.rows import RESULTS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    parser.add_argument("--suite", default="v1", help="default: v1")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the rows")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Writes leaderboard.md, .csv and .json beside the rows' folder and prints the table."""
    suite = load_suite(arguments.suite)
    board = write_leaderboard(suite, arguments.results, arguments.results.parent)
    print(to_markdown(board))
    console.print(f"wrote {arguments.results.parent / 'leaderboard'}.md, .csv and .json")
    return 0
