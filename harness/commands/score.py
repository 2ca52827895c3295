"""Score a submission, a .py file or module[:attribute], and give it a row on the leaderboard."""

import argparse
from collections.abc import Callable
from pathlib import Path
from shlex import quote

from rich.console import Console

from spurgen.benchmark.errors import FrozenDataError, SpurgenError
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.harness.board.files import PRIVATE
from spurgen.harness.commands._arguments import add_submission
from spurgen.harness.commands._limits import limits_of
from spurgen.harness.commands._planning import add_dry_run, forecast, may_start, next_step
from spurgen.harness.commands._running import add_run_arguments, run_all, run_submissions
from spurgen.harness.commands._verifying import samples_bar, total
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.printing import say
from spurgen.harness.results.store import OWN, Store
from spurgen.harness.running.forecast import measured
from spurgen.harness.running.missing import find_missing
from spurgen.harness.running.plan import baseline_specs, offered, plan, plan_private
from spurgen.harness.sandbox.bubblewrap import why_unavailable
from spurgen.harness.sandbox.launch import isolation_of
from spurgen.harness.splits.private import data_digest, open_secret, secret_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_submission(parser)
    parser.add_argument(
        "--private", action="store_true",
        help="score on the private splits as well, if you hold the secret of the open commitment",
    )  # fmt: skip
    parser.add_argument("--secret", type=Path, metavar="FILE", help="default: ~/.spurgen/SUITE.secret")
    add_run_arguments(parser)
    add_dry_run(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the submission's missing jobs and print the tables of its tasks; return 1 if a job failed."""
    specs = baseline_specs([arguments.submission])
    if arguments.secret and not arguments.private:
        raise SpurgenError("--secret is for --private; add it, or leave the secret out")
    private = arguments.private and not arguments.dry_run
    then = _private_part(arguments, console, specs[0]) if private else list
    code = run_submissions(arguments, console, specs, specs, then)
    if arguments.dry_run and arguments.private:
        say(console, "the same jobs run on the private splits as well")
    if not code and not arguments.dry_run:
        say(console, f"next: {next_step('leaderboard', _leaderboard(arguments))}, which shows all rows")
    return code


def _leaderboard(arguments: argparse.Namespace) -> str:
    """Return the command that shows the row among all."""
    suite = f" --suite {quote(arguments.suite)}" if arguments.suite != DEFAULT_SUITE else ""
    results = f" --results {quote(str(arguments.results))}" if arguments.results != OWN else ""
    return f"leaderboard{suite}{results}"


def _private_part(arguments: argparse.Namespace, console: Console, spec: str) -> Callable[[], list[str]]:
    """Return what runs the missing private jobs of a submission and returns the errors of those that failed.

    It is for after the public jobs, which then cannot find what the kernel caches of the private data.
    """
    suite, device, limits = load_suite(arguments.suite), pick_device(arguments.device), limits_of(arguments)
    isolation = isolation_of(limits)
    if isolation != "bubblewrap" and limits.isolation != "process":
        raise SpurgenError(
            f"a submission that is not sandboxed could read the secret, and {why_unavailable()}; if you trust the "
            "submission, add --isolation process"
        )
    secret, commitment = open_secret(suite, (arguments.secret or secret_file(suite)).expanduser())
    store = Store(arguments.results, suite.name, PRIVATE)
    check_writable(store.folder, "--results")
    wanted = plan(arguments.suite, arguments.tasks, [spec], arguments.seeds, device=device, limits=limits)
    jobs, _ = offered(wanted)  # skipped tasks are reported with the public jobs

    def run_private() -> list[str]:
        with samples_bar(console, total(suite), "private samples") as advance:
            digest = data_digest(suite, secret, advance, arguments.jobs)
        if digest != commitment.data_sha256:
            raise FrozenDataError(
                f"the secret does not give the data of commitment {commitment.number}; check out the generators that "
                "it was made with"
            )
        say(console, f"isolation: {isolation}")
        say(console, f"private splits of commitment {commitment.number}, {commitment.committed}")
        hidden = plan_private(jobs, secret, commitment.data_sha256)
        seconds = measured(Store(arguments.results, suite.name).rows())
        may_start(forecast(hidden, find_missing(hidden, store.rows()), arguments, seconds), arguments, console)
        return run_all(hidden, store, console, arguments)

    return run_private
