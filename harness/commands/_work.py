"""Running a plan's jobs, or a share of them, for `spurgen benchmark PLAN`; what has a result is not run again."""

import argparse

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.commands._cluster import resources_of
from spurgen.harness.commands._limits import describe_isolation, limits_of
from spurgen.harness.commands._running import report_failures
from spurgen.harness.commands._shown_files import check_shown_files
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.shared import is_url, sent_to
from spurgen.harness.results.store import Store
from spurgen.harness.running.missing import run_missing
from spurgen.harness.running.plan_file import read_plan, to_jobs


def work(arguments: argparse.Namespace, console: Console) -> int:
    """Run the jobs that have no result in --results; return 1 if one failed."""
    device = pick_device(arguments.device)
    planned = read_plan(arguments.planned, *(arguments.share or (0, 1)))
    if not planned:
        say(console, "nothing to run: the plan has fewer jobs than shares")
        return 0
    if len({line.suite for line in planned}) > 1:
        raise SpurgenError(f"{arguments.planned} has jobs of several suites; plan each by itself")
    place = str(arguments.results)
    jobs = to_jobs(planned, device, limits_of(arguments))
    suite, errors = jobs[0].task.scenario.suite, []
    with sent_to(place) as (folder, send):
        check_writable(folder, "--results")
        say(console, describe_isolation(limits_of(arguments)))
        check_shown_files({line.submission for line in planned}, load_suite(planned[0].suite), folder)
        store = Store(folder, suite, shipped=False)  # a share holds what it made, no more
        for _, result in run_missing(jobs, store, console, resources_of(arguments, device)):
            send()
            errors += [result.error] if result.error else []
    where = place if is_url(place) else store.folder
    say(console, "some jobs failed" if errors else f"done: {where} has the results, {len(planned)} in all")
    return report_failures(errors, console)
