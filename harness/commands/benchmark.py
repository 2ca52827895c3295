"""Trains and scores whatever of a suite is missing, and writes the leaderboard."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.suite import load_suite
from spurgen.harness.benchmarking import baseline_specs, plan, run_missing, write_leaderboard
from spurgen.harness.commands.splits import verify_all
from spurgen.harness.rendering import to_markdown
from spurgen.harness.rows import RESULTS
from spurgen.harness.store import DATA
from spurgen.harness.verify import stamped


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags that every command that runs cells has."""
    parser.add_argument("--suite", default="v1", help="default: v1")
    parser.add_argument("--tasks", nargs="+", default=[], help="default: all of the suite")
    parser.add_argument("--seeds", type=int, default=3, help="training seeds per submission; default: 3")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (cuda when there is one)")
    parser.add_argument("--jobs", type=int, help="cells at a time; default: one per core, one on cuda")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the rows")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the splits on disk")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    add_run_arguments(parser)
    parser.add_argument("--submissions", nargs="+", default=[], help="default: every baseline")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Verifies the splits, runs the missing cells and prints the leaderboard."""
    return run_specs(arguments, console, baseline_specs(arguments.submissions))


def run_specs(arguments: argparse.Namespace, console: Console, specs: list[str]) -> int:
    """Runs submissions on the asked tasks; returns 1 if one of them failed."""
    suite = load_suite(arguments.suite)
    if stamped(suite, arguments.data):
        console.print(f"suite {suite.name}: verified before with this code")
    elif verify_all(suite, arguments.data, console, arguments.jobs):
        return 1
    device = pick_device(arguments.device)
    jobs = arguments.jobs or (1 if device == "cuda" else None)
    cells = plan(arguments.suite, arguments.tasks, specs, arguments.seeds, device=device)
    failures = [error for _, error in run_missing(cells, arguments.results, console, jobs) if error]
    board = write_leaderboard(suite, arguments.results, arguments.results.parent)
    print(to_markdown(board))
    for error in dict.fromkeys(failures):
        console.print(error, markup=False, style="red", soft_wrap=True)
    return 1 if failures else 0


def pick_device(asked: str) -> str:
    """Resolves `auto`."""
    if asked != "auto":
        return asked
    import torch  # slow to import, and only this line needs it

    return "cuda" if torch.cuda.is_available() else "cpu"
