"""Run jobs of a plan: one of them, or a share; what has a result already is not run again."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.commands._arguments import add_device, add_jobs, add_results, read_share
from spurgen.harness.commands._cluster import resources_of
from spurgen.harness.commands._limits import add_limits, describe_isolation, limits_of
from spurgen.harness.commands._running import report_failures
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.printing import say
from spurgen.harness.results.store import Store
from spurgen.harness.running.missing import run_missing
from spurgen.harness.running.plan_file import read_plan, share, to_jobs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--plan", type=Path, required=True, metavar="FILE", help="what spurgen plan wrote")
    parser.add_argument(
        "--index", type=read_share, required=True, metavar="I[/N]", help="job I of the plan, or share I of N, from 0"
    )
    add_results(parser)
    add_device(parser)
    add_jobs(parser)
    add_limits(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the jobs that have no result in --results; return 1 if one failed."""
    device = pick_device(arguments.device)
    planned = share(read_plan(arguments.plan), *arguments.index, flag="--index", what="jobs of the plan")
    if len({line.suite for line in planned}) > 1:
        raise SpurgenError(f"{arguments.plan} has jobs of several suites; plan each by itself")
    jobs = to_jobs(planned, device, limits_of(arguments))
    check_writable(arguments.results, "--results")
    say(console, describe_isolation(limits_of(arguments)))
    store = Store(arguments.results, jobs[0].task.scenario.suite, shipped=False)  # a share holds what it made, no more
    errors = [result.error for _, result in run_missing(jobs, store, console, resources_of(arguments, device))]
    say(console, f"{len(planned)} jobs have a result in {store.folder}" if not any(errors) else "some jobs failed")
    return report_failures([error for error in errors if error], console)
