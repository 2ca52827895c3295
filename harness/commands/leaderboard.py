"""Rebuilds the leaderboard from the rows on disk; needs no model."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.suite import load_suite
from spurgen.harness.benchmarking import write_leaderboard
from spurgen.harness.rendering import task_table, to_markdown
from spurgen.harness.rows import RESULTS, write_atomically

BEGIN, END = "<!-- leaderboard: begin -->", "<!-- leaderboard: end -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    parser.add_argument("--suite", default="v1", help="default: v1")
    parser.add_argument("--readme", type=Path, help="a file whose leaderboard section is to be renewed as well")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the rows")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Writes leaderboard.md, .csv and .json beside the rows' folder and prints the table."""
    suite = load_suite(arguments.suite)
    board = write_leaderboard(suite, arguments.results, arguments.results.parent)
    print(to_markdown(board))
    if arguments.readme:
        text = arguments.readme.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        shown = "\n\n".join(
            f"**{name}**\n\n{task_table(part)}" for name, part in board["tasks"].items() if part["rows"]
        )
        write_atomically(arguments.readme, f"{head}{BEGIN}\n{shown}\n{END}{rest.partition(END)[2]}")
    console.print(f"wrote {arguments.results.parent / 'leaderboard'}.md, .csv and .json")
    return 0
