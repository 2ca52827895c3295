"""Trains and scores whatever of a suite is missing, and writes the leaderboard."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.files import build_board, write_board
from spurgen.harness.board.rendering import to_terminal
from spurgen.harness.commands._arguments import (
    Unique,
    add_board_files,
    add_limits,
    add_results,
    add_suite,
    isolation_told,
    limits_of,
    positive_int,
)
from spurgen.harness.commands._verifying import verify_all
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable
from spurgen.harness.results.store import Store, label_of
from spurgen.harness.running.missing import find_missing, run_missing
from spurgen.harness.running.plan import baseline_specs, offered, plan
from spurgen.harness.splits.store import DATA
from spurgen.harness.splits.verify import stamped


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the flags that every command that runs cells has."""
    add_suite(parser)
    parser.add_argument("--tasks", nargs="+", action=Unique, default=[], help="default: all of the suite")
    parser.add_argument("--seeds", type=positive_int, default=3, help="training seeds per submission; default: 3")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (cuda when there is one)")
    parser.add_argument("--jobs", type=positive_int, help="jobs at a time; default: one per core, one on cuda")
    add_results(parser)
    add_board_files(parser)
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
    """Run submissions on the tasks asked for and print their tables; return 1 if one failed. `mine` are pointed at."""
    suite, device, limits = load_suite(arguments.suite), pick_device(arguments.device), limits_of(arguments)
    store = Store(arguments.results, suite.name)
    jobs = plan(arguments.suite, arguments.tasks, specs, arguments.seeds, device=device, limits=limits)
    failures: list[str] = []
    if find_missing(jobs, store.rows()):
        isolation = isolation_told(limits)
        check_writable(arguments.results, "--results")
        jobs, skipped = offered(jobs)
        for line in (*skipped, isolation):
            console.print(line, markup=False, soft_wrap=True)
        if stamped(suite, arguments.data):
            console.print(f"suite {suite.name}: verified before with this code")
        elif verify_all(suite, arguments.data, console, arguments.jobs):
            return 1
        processes = arguments.jobs or (None if device == "cpu" else 1)
        failures = [result.error for _, result in run_missing(jobs, store, console, processes) if result.error]
        console.print(f"results: {store.folder}", markup=False, soft_wrap=True)
    else:
        console.print(f"nothing to run: all {len(jobs)} results are there", markup=False)
    board = build_board(suite, arguments.results)
    for path in write_board(board, markdown=arguments.markdown, csv=arguments.csv, json=arguments.json):
        console.print(f"wrote {path}", markup=False, soft_wrap=True)
    print(to_terminal(board, {job.task.name for job in jobs}, {label_of(spec, {}) for spec in mine}))
    for error in dict.fromkeys(failures):
        console.print(error, markup=False, style="red", soft_wrap=True)
    return 1 if failures else 0
