"""Train and score the jobs of a suite that have no result yet, and print the leaderboard."""

import argparse

from rich.console import Console

from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.specs import BASELINES
from spurgen.harness.commands._arguments import Unique
from spurgen.harness.commands._planning import add_yes
from spurgen.harness.commands._running import add_run_arguments, run_submissions
from spurgen.harness.running.plan import baseline_specs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_run_arguments(parser)
    add_yes(parser, "--tasks or --submissions")
    parser.add_argument(
        "--submissions", nargs="+", action=Unique, default=[], metavar="SUBMISSION",
        help=f"files, modules or baselines; default: all of {', '.join(names_in(BASELINES))}",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Verify the splits, run the missing jobs and print the leaderboard; return 1 if a job failed.

    Without `--tasks`, `--submissions` or `--yes`, print what is missing: it may take hours.
    """
    chosen = bool(arguments.tasks or arguments.submissions)
    return run_submissions(arguments, console, baseline_specs(arguments.submissions), chosen=chosen)
