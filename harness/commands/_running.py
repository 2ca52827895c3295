"""Running submissions on a frozen suite and printing the leaderboard, for the commands that do so."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote

from rich.console import Console

from spurgen.benchmark.suite import DEFAULT_SUITE, Suite, load_suite
from spurgen.harness.board.files import build_board, write_board
from spurgen.harness.board.rendering import to_terminal
from spurgen.harness.board.verdict import verdict
from spurgen.harness.commands._arguments import (
    add_board_files,
    add_device,
    add_jobs,
    add_results,
    add_suite,
    add_tasks,
    positive_int,
    processes_of,
)
from spurgen.harness.commands._limits import add_limits, describe_isolation, limits_of
from spurgen.harness.commands._verifying import say, verify_all
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable
from spurgen.harness.results.store import OWN, Store, label_of
from spurgen.harness.running.job import Job
from spurgen.harness.running.missing import find_missing, run_missing
from spurgen.harness.running.plan import offered, plan
from spurgen.harness.splits.store import DATA
from spurgen.harness.splits.verify import stamped


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of every command that runs submissions on a frozen suite."""
    add_suite(parser)
    add_tasks(parser)
    parser.add_argument("--seeds", type=positive_int, default=3, help="training seeds per submission; default: 3")
    add_device(parser)
    add_jobs(parser)
    add_results(parser)
    add_board_files(parser)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the splits on disk")
    add_limits(parser)


def run_submissions(
    arguments: argparse.Namespace, console: Console, specs: list[str], mine: Sequence[str] = (),
    then: Callable[[], list[str]] = list,
) -> int:  # fmt: skip
    """Run what is missing of submissions and print the tables of their tasks; return 1 if a job failed.

    `mine`: specs whose rows are marked, and judged in sentences first. `then` is called after the jobs and returns the
    errors of others that failed.
    """
    suite = load_suite(arguments.suite)
    store = Store(arguments.results, suite.name)
    jobs = plan(arguments.suite, arguments.tasks, specs, arguments.seeds, limits=limits_of(arguments))
    failures: list[str] = []
    rows = store.rows()
    if not stamped(suite, arguments.data) and verify_all(suite, arguments.data, console, arguments.jobs):
        return 1
    if find_missing(jobs, rows):
        jobs = _prepare(jobs, arguments, console)
        failures = run_all(jobs, store, console, arguments)
        say(console, f"results: {store.folder}")
        rows = store.rows()
    else:
        say(console, f"nothing to run: all results are there ({len(jobs)})")
    failures += then()
    board = build_board(suite, arguments.results, rows, for_tables=not (arguments.csv or arguments.json))
    for path in write_board(board, markdown=arguments.markdown, csv=arguments.csv, json=arguments.json):
        say(console, f"wrote {path}")
    tasks, labels = {job.task.name for job in jobs}, {label_of(spec, {}) for spec in mine}
    for label in sorted(labels & rows.keys()):
        print(*verdict(suite, board, label, rows[label], tasks, _flags(suite, arguments)), "", sep="\n")
    print(to_terminal(board, tasks, labels))
    return report_failures(failures, console)


def _flags(suite: Suite, arguments: argparse.Namespace) -> str:
    """Return the flags with which another command finds the same rows."""
    named = [] if arguments.suite == DEFAULT_SUITE else ["--suite", suite.spoken]
    return " ".join(named + ([] if arguments.results == OWN else ["--results", quote(str(arguments.results))]))


def _prepare(jobs: Sequence[Job], arguments: argparse.Namespace, console: Console) -> list[Job]:
    """Return the jobs that submissions take, on the chosen device."""
    device = pick_device(arguments.device)  # not earlier: where nothing is missing, torch is not imported
    isolation = describe_isolation(limits_of(arguments))
    check_writable(arguments.results, "--results")
    taken, skipped = offered([replace(job, device=device) for job in jobs])
    for line in skipped:
        say(console, line)
    say(console, isolation)
    return taken


def run_all(jobs: Sequence[Job], store: Store, console: Console, arguments: argparse.Namespace) -> list[str]:
    """Run the missing jobs; return the errors of those that failed."""
    processes = processes_of(arguments, jobs[0].device)
    return [result.error for _, result in run_missing(jobs, store, console, processes) if result.error]


def report_failures(errors: Iterable[str], console: Console) -> int:
    """Print every error once; return the exit code: 1 if there are any."""
    distinct = dict.fromkeys(errors)
    for error in distinct:
        console.print(error, markup=False, style="red", soft_wrap=True)
    return 1 if distinct else 0
