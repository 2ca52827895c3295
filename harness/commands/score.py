"""Score a submission, a .py file or module[:attribute], and give it a row on the leaderboard."""

import argparse
from shlex import quote

from rich.console import Console

from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.machine.printing import say
from spurgen.harness.options.flags import add_submission
from spurgen.harness.options.jobs import add_dry_run
from spurgen.harness.options.submissions import (
    add_run_arguments,
    flags_of_rows,
    run_submissions,
)
from spurgen.harness.running.plan import baseline_specs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_submission(parser)
    add_run_arguments(parser, tasks="the suite's main tasks")
    add_dry_run(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the submission's missing jobs and print the tables of its tasks; return 1 if a job failed."""
    specs = baseline_specs([arguments.submission])
    arguments.tasks = arguments.tasks or [*load_suite(arguments.suite).main]
    code = run_submissions(arguments, console, specs, specs)
    if arguments.share and not arguments.dry_run:
        board = spurgen(f"leaderboard --suite {load_suite(arguments.suite).spoken}")
        joins = f"{board} --merge FOLDER ..., which joins them"
        say(console, f"next: the other shares, each with --results of its own, then {joins}")
    elif not code and not arguments.dry_run:
        suite = load_suite(arguments.suite)
        shown = f"leaderboard {flags_of_rows(suite, arguments)}".rstrip()
        say(console, f"next: {_more_seeds(suite, arguments)}{spurgen(shown)}, which shows all rows")
    return code


def _more_seeds(suite: Suite, arguments: argparse.Namespace) -> str:
    """Return the command that gives the row a rank, followed by "or", if too few seeds were scored; else nothing."""
    names = arguments.tasks or suite.tasks
    asked = max(suite.task(name).units_asked for name in names)
    if not arguments.seeds or len(arguments.seeds) >= asked:
        return ""
    found_by = flags_of_rows(suite, arguments)
    some = [] if [*names] == [*suite.main] else ["--tasks", *names]
    words = ["score", quote(arguments.submission), *([found_by] if found_by else []), *some]
    return f"{spurgen(' '.join([*words, '--seeds', f'0-{asked - 1}']))}, which gives it a rank, or "
