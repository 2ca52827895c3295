"""Train and score the jobs of a suite that have no result yet, and print the leaderboard; or plan them for machines."""

import argparse
from collections.abc import Collection
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.specs import BASELINES
from spurgen.harness.commands._arguments import NO_FOLDER, Unique, positive_int, results_place
from spurgen.harness.commands._limits import FLAGS
from spurgen.harness.commands._plan import write_plan
from spurgen.harness.commands._planning import add_yes
from spurgen.harness.commands._running import add_run_arguments, run_submissions
from spurgen.harness.commands._work import work
from spurgen.harness.machine.shared import is_url
from spurgen.harness.running.plan import baseline_specs

TO_PLAN = ("plan", "slurm", "suite", "tasks", "seeds", "submissions", "results")
"""What decides what a plan has."""
LIMITS = ("isolation", *(flag.strip("-").replace("-", "_") for flag, *_ in FLAGS))
TO_WORK = ("planned", "share", "results", "device", "jobs", *LIMITS)
"""What decides which jobs of a plan run, and how; the plan names the others."""


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
        _refuse_others(arguments, TO_WORK, f"on the jobs of {arguments.planned}")
        return work(arguments, console)
    if is_url(str(arguments.results)):
        raise SpurgenError(f"--results: {arguments.results} {NO_FOLDER}")
    if arguments.plan:
        _refuse_others(arguments, TO_PLAN, "with --plan")
        return write_plan(arguments, console)
    if arguments.slurm:
        raise SpurgenError("--slurm prints a script for a plan; name the file to write by --plan FILE")
    chosen = bool(arguments.tasks or arguments.submissions)
    return run_submissions(arguments, console, baseline_specs(arguments.submissions), chosen=chosen)


def _refuse_others(arguments: argparse.Namespace, heeded: Collection[str], where: str) -> None:
    """Raise `SpurgenError` for a flag that was given and is not among those that have an effect."""
    plain = argparse.ArgumentParser()
    add_arguments(plain)
    for name, default in vars(plain.parse_args([])).items():
        if name not in heeded and getattr(arguments, name) != default:
            raise SpurgenError(f"--{name.replace('_', '-')} has no effect {where}; leave it out")
