"""Running submissions on a frozen suite and printing the leaderboard, for the commands that do so."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import is_baseline
from spurgen.benchmark.suite import DEFAULT_SUITE, Suite, load_suite
from spurgen.benchmark.task import Task
from spurgen.harness.board.formats import write_board
from spurgen.harness.board.leaderboard import build_board
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.board.verdict import verdict, winners
from spurgen.harness.machine.files import cache_folder, check_writable
from spurgen.harness.machine.pool import cores
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options import flags
from spurgen.harness.options.jobs import (
    add_cluster,
    add_limits,
    check_cluster,
    describe_isolation,
    device_of,
    forecast,
    limits_of,
    may_start,
    resources_of,
)
from spurgen.harness.options.printing import print_board
from spurgen.harness.options.verifying import verified
from spurgen.harness.results.identity import submission_files
from spurgen.harness.results.rows import Rows
from spurgen.harness.results.store import OWN, Store, label_of
from spurgen.harness.running import features
from spurgen.harness.running.executing import JobsFailedError, find_missing, run_missing, warn_replaced
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import by_task, check_backbones, duration, measured, offered, plan, share


def add_run_arguments(parser: argparse.ArgumentParser, tasks: str = "all") -> None:
    """Declare the flags of every command that runs submissions on a frozen suite."""
    flags.add_suite(parser)
    flags.add_tasks(parser, tasks)
    flags.add_seeds(parser, None, "all worlds of a task; 0-4 where it has one")
    flags.add_device(parser)
    flags.add_jobs(parser, "jobs at a time; default: one per core, one per GPU on cuda, up to 1,000 on Ray and SLURM")
    add_cluster(parser)
    flags.add_results(parser)
    share_of = "run share I of N of the jobs, from 0; spurgen leaderboard --merge joins results"
    parser.add_argument("--share", type=flags.read_share, metavar="I/N", help=share_of)
    flags.add_board_files(parser)
    add_limits(parser)


def run_submissions(
    arguments: argparse.Namespace, console: Console, specs: list[str], mine: Sequence[str] = (),
    then: Callable[[], list[str]] = list, *, chosen: bool = True,
) -> int:  # fmt: skip
    """Run what is missing of submissions and print the tables of their tasks; return 1 if a job failed.

    `mine`: specs whose rows are marked, and described in sentences above the tables. `then` is called after the jobs
    and returns the errors of further jobs. Jobs start if tasks or submissions were `chosen` on the command line, or
    with `--yes`; otherwise they are only listed.
    """
    check_cluster(arguments)
    flags.check_board_files(arguments)
    suite = load_suite(arguments.suite)
    check_shown_files(specs, suite, arguments.results)
    store = flags.open_store(suite, arguments, console)
    rows = store.rows()
    jobs = _jobs(specs, rows, arguments, console)
    if not jobs:
        say(console, "nothing to run: there are fewer jobs than shares")
        return 0
    missing = find_missing(jobs, rows)
    if not may_start(forecast(jobs, missing, arguments, measured(rows)), arguments, console, chosen=chosen):
        compute_features(missing, console, arguments.jobs, dry_run=True)
        warn_replaced(jobs, missing, {job.label: rows.get(job.label, {}) for job in jobs}, console)
        return 0
    if missing:
        check_writable(arguments.results, "--results")
        check_backbones(missing)
    worlds = {job.task.scenario.name for job in jobs}  # of templates, only the worlds used
    if not verified(suite, worlds, console, arguments.jobs):
        return 1
    failures: list[str] = []
    if missing:
        compute_features(missing, console, arguments.jobs)
        failures = run_all(jobs, store, console, arguments)
        say(console, f"results: {store.folder}")
        rows = store.rows()
    failures += then()
    _show(suite, rows, {job.task.name for job in jobs}, {label_of(spec, {}) for spec in mine}, arguments, console)
    return report_failures(failures, console)


def compute_features(jobs: Iterable[Job], console: Console, processes: int | None, *, dry_run: bool = False) -> None:
    """Compute and cache the missing features of the worlds of jobs on frozen ladders; `dry_run` as of `encode`."""
    rungs: dict[tuple[str, str], dict[str, Task]] = {}
    for job in jobs:
        if job.task.of and is_baseline(job.spec) and job.frozen:
            rungs.setdefault((job.frozen, job.encoder), {})[
                f"{job.task.scenario.name} {job.task.modality} {job.task.backbone}"
            ] = job.task
    encode([each for key, of in rungs.items() for each in features.missing(of.values(), *key)], console, processes,
           dry_run=dry_run)  # fmt: skip


def encode(work: Sequence[features.Work], console: Console, processes: int | None, *, dry_run: bool = False) -> None:
    """Compute and cache features, and show how far it is; a dry run only prints their number and the expected time."""
    if not work:
        return
    total, seconds = sum(each.size for each in work), sum(each.size * features.SECONDS[each.carrier] for each in work)
    time = f"{duration(seconds / (processes or cores()))}, once; {cache_folder()} keeps their features"
    if dry_run:
        say(console, f"before the jobs, frozen encoders see {total:,} samples: {time}")
        return
    say(console, f"encoding {total:,} samples by frozen encoders: {time}")
    with samples_bar(console, total) as advance:
        for count in features.compute(work, processes):
            advance(count)


def _jobs(specs: list[str], rows: Rows, arguments: argparse.Namespace, console: Console) -> list[Job]:
    """Return the jobs of the chosen tasks and seeds, or of the chosen share of them."""
    jobs = plan(arguments.suite, arguments.tasks, specs, arguments.seeds, limits=limits_of(arguments))
    if arguments.share or find_missing(jobs, rows):
        jobs = _taken(jobs, arguments, console)
    return share(by_task(jobs), *arguments.share) if arguments.share else jobs


def _show(
    suite: Suite, rows: Rows, tasks: set[str], mine: set[str], arguments: argparse.Namespace, console: Console
) -> None:
    """Write and print the board of some tasks, and a verdict on each of one's own rows."""
    files = arguments.markdown or arguments.csv or arguments.json  # these files have all tasks
    shown = {label: row if files else {name: row[name] for name in row if name in tasks} for label, row in rows.items()}
    with console.status("comparing rows"):
        board = build_board(suite, arguments.results, shown)
    for line in write_board(board, markdown=arguments.markdown, csv=arguments.csv, json=arguments.json):
        say(console, line)
    alone = tasks - _on_ladders(suite, board, tasks)
    found_by = flags_of_rows(suite, arguments)
    for label in sorted(mine & rows.keys()):
        print(*verdict(suite, board, label, rows, tasks, found_by, alone=alone), "", sep="\n")
    print_board(board, tasks, mine, alone=alone)
    if not mine:
        print("", *winners(board, tasks, found_by), sep="\n")


def _on_ladders(suite: Suite, board: Leaderboard, tasks: set[str]) -> set[str]:
    """Return the tasks whose ladder has a board of its own, which sums them up."""
    whole = [name for name, part in board.overall.items() if {*part.tasks} <= tasks and (part.rows or part.few)]
    return {name for name in tasks if (rung := suite.task(name)).of and rung.of in whole}


def flags_of_rows(suite: Suite, arguments: argparse.Namespace) -> str:
    """Return the flags with which another command finds the same rows."""
    named = [] if arguments.suite == DEFAULT_SUITE else ["--suite", suite.spoken]
    return " ".join(named + ([] if arguments.results == OWN else ["--results", quote(str(arguments.results))]))


def _taken(jobs: Sequence[Job], arguments: argparse.Namespace, console: Console) -> list[Job]:
    """Return the jobs whose task the submission takes, on the chosen device."""
    device = device_of(arguments)  # not earlier: where nothing is missing, torch is not imported
    isolation = describe_isolation(limits_of(arguments))
    taken, skipped = offered([replace(job, device=device) for job in jobs])
    for line in skipped:
        say(console, line)
    say(console, isolation)
    return taken


def run_all(jobs: Sequence[Job], store: Store, console: Console, arguments: argparse.Namespace) -> list[str]:
    """Run the missing jobs; return the errors of those that failed, by their own fault or by a bug of ours."""
    failures: list[str] = []
    try:
        for _, result in run_missing(jobs, store, console, resources_of(arguments, jobs[0].device)):
            failures += [result.error] if result.error else []
    except JobsFailedError as failed:
        failures += failed.lines
    return failures


def report_failures(errors: Iterable[str], console: Console) -> int:
    """Print every error once; return the exit code: 1 if there are any."""
    distinct = dict.fromkeys(errors)
    for error in distinct:
        say(console, error, "red")
    return 1 if distinct else 0


def check_shown_files(specs: Iterable[str], suite: Suite, results: Path) -> None:
    """Raise `SpurgenError` for a submission's file that lies in the suite's results."""
    rows = (results / suite.name).resolve()
    for spec in specs:
        for path in [] if is_baseline(spec) else submission_files(spec).values():
            if path.resolve().is_relative_to(rows):
                raise SpurgenError(
                    f"{spec}: its files include {path}, and the results must not be shown to a submission; move it "
                    "out of the submission's folder, or leave it out of FILES and imports"
                )
