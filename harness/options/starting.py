"""Showing what will run and how long it takes, before anything runs."""

import argparse
from collections.abc import Sequence

from rich.console import Console

from spurgen.harness.machine.pool import cores
from spurgen.harness.machine.printing import say
from spurgen.harness.options.cluster import on_cluster, resources_of
from spurgen.harness.running.forecast import Forecast, Seconds
from spurgen.harness.running.job import Job


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Declare the flag that only shows the jobs."""
    parser.add_argument("--dry-run", action="store_true", help="show the jobs to run and their time; run none")


def add_yes(parser: argparse.ArgumentParser, choices: str) -> None:
    """Declare the flags that start everything, or only show it; `choices`: flags that also start jobs."""
    add_dry_run(parser)
    parser.add_argument("--yes", action="store_true", help=f"start all jobs; not needed with {choices}")


def forecast(jobs: Sequence[Job], missing: Sequence[Job], arguments: argparse.Namespace, seconds: Seconds) -> Forecast:
    """Return the forecast of jobs, with as many at a time as the flags allow."""
    if not missing:
        return Forecast(jobs, missing, seconds, 1)
    if on_cluster(arguments) and not arguments.jobs:
        return Forecast(jobs, missing, seconds, None)
    resources = resources_of(arguments, jobs[0].device)
    processes = 1 if resources.executor == "serial" else resources.room() or cores()
    return Forecast(jobs, missing, seconds, min(processes, len(missing)))


def may_start(forecast: Forecast, arguments: argparse.Namespace, console: Console, *, chosen: bool = True) -> bool:
    """Print what is to run; return whether to go on.

    Jobs start if tasks or submissions were `chosen` on the command line, or with `--yes`.
    """
    if not forecast.missing:
        say(console, forecast.sentence())
        return not arguments.dry_run
    start = not arguments.dry_run and (chosen or arguments.yes)
    if not start:
        print(forecast.table())
    say(console, forecast.sentence())
    if not start and not arguments.dry_run:
        say(console, "nothing was started; add --yes to start all of them, or choose --tasks")
    return start
