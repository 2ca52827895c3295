"""Trains and scores whatever of a suite is missing, and writes the leaderboard."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.files import write_leaderboard
from spurgen.harness.board.rendering import to_terminal
from spurgen.harness.commands._arguments import Unique, add_limits, add_suite, isolation_told, limits_of, positive_int
from spurgen.harness.commands.splits import verify_all
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable
from spurgen.harness.results.store import RESULTS, label_of
from spurgen.harness.running.plan import baseline_specs, offered, plan, run_missing
from spurgen.harness.splits.store import DATA
from spurgen.harness.splits.verify import stamped


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags that every command that runs cells has."""
    add_suite(parser)
    parser.add_argument("--tasks", nargs="+", action=Unique, default=[], help="default: all of the suite")
    parser.add_argument("--seeds", type=positive_int, default=3, help="training seeds per submission; default: 3")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (cuda when there is one)")
    parser.add_argument("--jobs", type=positive_int, help="cells at a time; default: one per core, one on cuda")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the rows")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the splits on disk")
    add_limits(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    add_run_arguments(parser)
    parser.add_argument(
        "--submissions", nargs="+", action=Unique, default=[],
        help=f"files, modules or baselines; default: all of {', '.join(names_in(BASELINES))}",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Verifies the splits, runs the missing cells and prints the leaderboard."""
    return run_specs(arguments, console, baseline_specs(arguments.submissions))


def run_specs(arguments: argparse.Namespace, console: Console, specs: list[str], mine: Sequence[str] = ()) -> int:
    """Runs submissions on the asked tasks and prints their tables; returns 1 if one failed. `mine` are pointed at."""
    suite, device, limits = load_suite(arguments.suite), pick_device(arguments.device), limits_of(arguments)
    isolation = isolation_told(limits)
    check_writable(arguments.results, "--results")
    cells = plan(arguments.suite, arguments.tasks, specs, arguments.seeds, device=device, limits=limits)
    cells, skipped = offered(suite, cells)
    for line in skipped:
        console.print(line, markup=False, soft_wrap=True)
    if not cells:
        raise SpurgenError("there is nothing to run: no submission takes any of the tasks asked")
    console.print(isolation, markup=False, soft_wrap=True)
    if stamped(suite, arguments.data):
        console.print(f"suite {suite.name}: verified before with this code")
    elif verify_all(suite, arguments.data, console, arguments.jobs):
        return 1
    jobs = arguments.jobs or (None if device == "cpu" else 1)
    failures = [error for _, error in run_missing(cells, arguments.results, console, jobs) if error]
    board, tables = write_leaderboard(suite, arguments.results, arguments.results.parent)
    console.print(f"rows: {arguments.results}; tables: {tables}.md, .csv and .json", markup=False, soft_wrap=True)
    print(to_terminal(board, {cell.task for cell in cells}, {label_of(spec, {}) for spec in mine}))
    for error in dict.fromkeys(failures):
        console.print(error, markup=False, style="red", soft_wrap=True)
    return 1 if failures else 0
