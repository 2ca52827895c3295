"""Run jobs of a plan: one of them, or a share; what has a result already is not run again."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.commands._arguments import add_device, add_jobs, read_index, results_place
from spurgen.harness.commands._cluster import resources_of
from spurgen.harness.commands._limits import add_limits, describe_isolation, limits_of
from spurgen.harness.commands._running import report_failures
from spurgen.harness.commands._shown_files import check_shown_files
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.shared import is_url, sent_to
from spurgen.harness.results.store import OWN, Store
from spurgen.harness.running.missing import run_missing
from spurgen.harness.running.plan_file import read_plan, to_jobs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--plan", type=Path, required=True, metavar="FILE", help="what spurgen plan wrote")
    parser.add_argument(
        "--index", type=read_index, required=True, metavar="I[/N]", help="job I of the plan, or share I of N, from 0"
    )
    parser.add_argument(
        "--results", type=results_place, default=str(OWN), metavar="FOLDER",
        help="folder of your own rows, or the URL of a zip file for them, such as s3://bucket/share-0.zip, as fsspec "
        f"reads it; each share needs its own; default: {OWN}",
    )  # fmt: skip
    add_device(parser)
    add_jobs(parser)
    add_limits(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the jobs that have no result in --results; return 1 if one failed."""
    device = pick_device(arguments.device)
    planned = read_plan(arguments.plan, *arguments.index)
    if not planned:
        say(console, "nothing to run: the plan has fewer jobs than shares")
        return 0
    if len({line.suite for line in planned}) > 1:
        raise SpurgenError(f"{arguments.plan} has jobs of several suites; plan each by itself")
    jobs = to_jobs(planned, device, limits_of(arguments))
    suite, errors = jobs[0].task.scenario.suite, []
    with sent_to(arguments.results) as (folder, send):
        check_writable(folder, "--results")
        say(console, describe_isolation(limits_of(arguments)))
        check_shown_files({line.submission for line in planned}, load_suite(planned[0].suite), folder)
        store = Store(folder, suite, shipped=False)  # a share holds what it made, no more
        for _, result in run_missing(jobs, store, console, resources_of(arguments, device)):
            send()
            errors += [result.error] if result.error else []
    where = arguments.results if is_url(arguments.results) else store.folder
    say(console, "some jobs failed" if errors else f"done: {where} has the results, {len(planned)} in all")
    return report_failures(errors, console)
