"""Train and score the jobs of a suite that have no result yet, and print the leaderboard; or plan them for machines."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from shlex import quote

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.specs import BASELINES, is_baseline
from spurgen.benchmark.suite import load_suite
from spurgen.benchmark.task import Rung
from spurgen.harness.board.against_erm import ERM
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.shared import is_url, sent_to
from spurgen.harness.options.cluster import resources_of
from spurgen.harness.options.encoding import compute_features
from spurgen.harness.options.flags import NO_FOLDER, Unique, open_store, positive_int, refuse, results_place
from spurgen.harness.options.limits import FLAGS, describe_isolation, limits_of
from spurgen.harness.options.starting import add_yes
from spurgen.harness.options.submissions import (
    add_run_arguments,
    check_shown_files,
    report_failures,
    run_all,
    run_submissions,
)
from spurgen.harness.results.rows import Rows
from spurgen.harness.results.store import CEILING, MATCHED, Store
from spurgen.harness.running.forecast import Forecast, measured
from spurgen.harness.running.job import Job
from spurgen.harness.running.missing import find_missing, run_missing
from spurgen.harness.running.plan import baseline_specs, offered, plan
from spurgen.harness.running.plan_file import by_task, read_plan, share, to_jobs, to_lines
from spurgen.harness.sandbox.limits import DEFAULT

TO_PLAN = ("plan", "slurm", "suite", "tasks", "seeds", "submissions", "results")
"""What decides what a plan has."""
LIMITS = ("isolation", *(flag.strip("-").replace("-", "_") for flag, *_ in FLAGS))
TO_WORK = ("planned", "share", "results", "device", "jobs", *LIMITS)
"""What decides which jobs of a plan run, and how; the plan names the others."""
Memory = dict[tuple[str, str], int]  # peak bytes by label and task
HOUR, MEMORY = 3600, 4 << 30
HARNESS = 3 << 29  # bytes of the command and its process, beside the submission's: 1.0 GB were measured on images
SCRIPT = """#!/bin/bash
# Submit this from the folder of the plan, with spurgen on the path; then: spurgen merge 'shares/*' --results merged
# The limits are twice what {source}, at least 10 minutes, and 1.5 GiB on top: raise them for a larger submission.
# What your site asks for as well goes into SBATCH_ACCOUNT, SBATCH_PARTITION, ... or the flags of sbatch.
#SBATCH --job-name=spurgen
#SBATCH --output=spurgen-%A-%a.out
#SBATCH --array=0-{last}
#SBATCH --time={minutes}
#SBATCH --mem={megabytes}M
#SBATCH --cpus-per-task=1
spurgen benchmark {plan} --jobs 1 --share $SLURM_ARRAY_TASK_ID/{shares} --results shares/$SLURM_ARRAY_TASK_ID
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "planned", nargs="?", type=Path, metavar="PLAN",
        help="what --plan wrote: run its jobs, or their --share; --results may then be the URL of a zip file, such as "
        "s3://bucket/share-0.zip, as fsspec reads it, and each share needs its own",
    )  # fmt: skip
    add_run_arguments(parser, results_place)
    add_yes(parser, "--tasks or --submissions")
    parser.add_argument(
        "--submissions", nargs="+", action=Unique, default=[], metavar="SUBMISSION",
        help=f"files, modules or baselines; default: all of {', '.join(names_in(BASELINES))}",
    )  # fmt: skip
    parser.add_argument(
        "--controls", action="store_true",
        help="train ERM without correlations as well, on the chosen ladders: with as many samples (the ceiling), and "
        "with only as many as there are counterexamples (the matched control)",
    )  # fmt: skip
    parser.add_argument(
        "--plan", type=Path, metavar="FILE", help="write the jobs without a result to a file, a line each, and run none"
    )
    parser.add_argument(
        "--slurm", type=positive_int, metavar="N", help="with --plan: print an sbatch script of N array tasks"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Verify the splits, run the missing jobs and print the leaderboard; return 1 if a job failed.

    Without `--tasks`, `--submissions` or `--yes`, print what is missing: it may take hours.
    """
    if arguments.planned:
        refuse(arguments, add_arguments, f"on the jobs of {arguments.planned}", TO_WORK)
        return _work(arguments, console)
    if is_url(str(arguments.results)):
        raise SpurgenError(f"--results: {arguments.results} {NO_FOLDER}")
    if arguments.plan:
        refuse(arguments, add_arguments, "with --plan", TO_PLAN)
        return _write_plan(arguments, console)
    if arguments.slurm:
        raise SpurgenError("--slurm prints a script for a plan; name the file to write by --plan FILE")
    chosen = bool(arguments.tasks or arguments.submissions)
    controls = partial(_run_controls, arguments, console, _controls(arguments)) if arguments.controls else list
    return run_submissions(arguments, console, baseline_specs(arguments.submissions), then=controls, chosen=chosen)


def _controls(arguments: argparse.Namespace) -> dict[str, list[Job]]:
    """Return ERM's jobs without correlations, by kind: the ceiling once a ladder, the matched control on each rung.

    Raise `SpurgenError` if no rung above 0 was chosen.
    """
    suite = load_suite(arguments.suite)
    tasks = [suite.task(name) for name in arguments.tasks or suite.usual]
    chosen = [task for task in tasks if isinstance(task, Rung) and task.counterexamples]
    if not chosen:
        raise SpurgenError("--controls are of ladders: choose tasks with counterexamples, such as things-text-32")
    highest = {rung.of: rung.name for rung in sorted(chosen, key=lambda rung: rung.counterexamples)}
    made = {}
    for kind, names in ((CEILING, [*highest.values()]), (MATCHED, [rung.name for rung in chosen])):
        jobs = plan(
            arguments.suite, names, baseline_specs([ERM]), arguments.seeds, device=pick_device(arguments.device),
            uncorrelated=True, limits=limits_of(arguments),
        )  # fmt: skip
        jobs = [replace(job, matched=kind == MATCHED) for job in jobs]
        made[kind] = share(by_task(jobs), *arguments.share) if arguments.share else jobs
    return made


def _run_controls(arguments: argparse.Namespace, console: Console, jobs: Mapping[str, list[Job]]) -> list[str]:
    """Run the missing jobs of each kind; return the errors of those that failed."""
    failures = []
    for kind, of_kind in jobs.items():
        store = Store(arguments.results, load_suite(arguments.suite).name, kind)
        missing = find_missing(of_kind, store.rows())
        if missing:
            say(console, f"{'matched controls' if kind == MATCHED else 'ceilings'}, results: {store.folder}")
            compute_features(missing, console, arguments.jobs)
            failures += run_all(of_kind, store, console, arguments)
    return failures


def _work(arguments: argparse.Namespace, console: Console) -> int:
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


def _write_plan(arguments: argparse.Namespace, console: Console) -> int:
    """Write the plan, and print what it holds."""
    suite = load_suite(arguments.suite)
    rows = open_store(suite, arguments, console).rows()
    specs = baseline_specs(arguments.submissions)
    jobs, skipped = offered(plan(arguments.suite, arguments.tasks, specs, arguments.seeds))
    for line in skipped:
        say(console, line)
    if not all(map(is_baseline, specs)):
        say(console, describe_isolation(DEFAULT))  # of the process that said which tasks a submission takes
    missing = find_missing(jobs, rows)
    forecast = Forecast(jobs, missing, measured(rows), None)
    say(console, forecast.sentence())
    if not missing:
        say(console, f"{arguments.plan} is not written: it would hold no job")
        return 0
    memory = _memory(rows, missing)
    write_atomically(arguments.plan, to_lines(arguments.suite, forecast, memory))
    say(console, f"wrote {arguments.plan}: {len(missing)} jobs, a line each")
    if arguments.slurm:
        print(_script(arguments, forecast, memory), end="")
    return 0


def _memory(rows: Rows, jobs: Sequence[Job]) -> Memory:
    """Return the likely peak memory of jobs, in bytes: of stored results, else the largest on the same task."""
    peaks: Memory = {}
    largest: dict[str, int] = {}
    for label, row in rows.items():
        for task, part in row.items():
            peaks[label, task] = max(result.provenance.peak_memory_bytes or 0 for result in part.results)
            largest[task] = max(peaks[label, task], largest.get(task, 0))
    keys = [(job.label, job.task.name) for job in jobs]
    likely = {key: peaks.get(key) or largest.get(key[1], 0) for key in keys}
    return {key: peak for key, peak in likely.items() if peak}


def _script(arguments: argparse.Namespace, forecast: Forecast, memory: Memory) -> str:
    """Return a script that asks for twice the likely time and memory of its jobs, or an hour and 4 GiB a job.

    The memory of a job is that of the submission alone; that of spurgen comes on top.
    """
    shares = min(arguments.slurm, len(forecast.missing))
    seconds = [forecast.likely_seconds(job) or HOUR / 2 for job in by_task(forecast.missing)]
    longest = max(sum(seconds[k::shares]) for k in range(shares))
    if all(forecast.own_seconds(job) for job in forecast.missing):
        source = "stored results of these submissions took"
    elif all(forecast.likely_seconds(job) for job in forecast.missing):
        source = "stored results of other submissions took"
    else:
        source = "stored results took, or an hour and 4 GiB for a job without any"
    peak = max(memory.get((job.label, job.task.name), MEMORY // 2) for job in forecast.missing)
    return SCRIPT.format(
        source=source,
        last=shares - 1, shares=shares, minutes=max(round(2 * longest / 60), 10), megabytes=2 * peak + HARNESS >> 20,
        plan=quote(str(arguments.plan)),
    )  # fmt: skip
