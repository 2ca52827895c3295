"""Score a submission, a .py file or module[:attribute], and give it a row on the leaderboard."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from shlex import quote

from rich.console import Console

from spurgen.benchmark.errors import FrozenDataError, SpurgenError
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.benchmark.task import Rung
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.cluster import device_of
from spurgen.harness.options.flags import add_submission
from spurgen.harness.options.limits import limits_of
from spurgen.harness.options.starting import add_dry_run, forecast, may_start
from spurgen.harness.options.submissions import (
    add_run_arguments,
    check_shown_files,
    flags_of_rows,
    run_all,
    run_submissions,
)
from spurgen.harness.options.verifying import total
from spurgen.harness.results.store import PRIVATE, Store
from spurgen.harness.running.features import forget
from spurgen.harness.running.forecast import measured
from spurgen.harness.running.job import Job
from spurgen.harness.running.missing import find_missing
from spurgen.harness.running.plan import baseline_specs, offered, plan, plan_private
from spurgen.harness.running.plan_file import by_task, share
from spurgen.harness.sandbox.bubblewrap import why_unavailable
from spurgen.harness.sandbox.launch import isolation_of
from spurgen.harness.splits.private import Commitment, data_digest, open_secret, secret_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_submission(parser)
    parser.add_argument(
        "--private", action="store_true",
        help="score on the private splits as well, if you hold the secret of the open commitment",
    )  # fmt: skip
    parser.add_argument("--secret", type=Path, metavar="FILE", help="default: ~/.spurgen/SUITE.secret")
    add_run_arguments(parser, tasks="the suite's main tasks")
    add_dry_run(parser)


@dataclass(frozen=True)
class _Private:
    """The jobs on the private splits of an open commitment, the store of their results, and their isolation."""

    suite: Suite
    secret: str = field(repr=False)
    commitment: Commitment
    jobs: Sequence[Job]
    store: Store
    isolation: str

    @property
    def title(self) -> str:
        """Data that the jobs run on, in words."""
        return f"private splits of commitment {self.commitment.number}, {self.commitment.committed}"


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the submission's missing jobs and print the tables of its tasks; return 1 if a job failed."""
    specs = baseline_specs([arguments.submission])
    arguments.tasks = arguments.tasks or [*load_suite(arguments.suite).main]
    if arguments.secret and not arguments.private:
        raise SpurgenError("--secret is for --private; add it, or leave the secret out")
    private = _plan_private(arguments, specs[0]) if arguments.private else None
    if private and not arguments.dry_run:
        check_writable(private.store.folder, "--results")
        code = run_submissions(arguments, console, specs, specs, partial(_run_private, private, arguments, console))
    else:
        code = run_submissions(arguments, console, specs, specs)
    if private and arguments.dry_run:
        _may_start(private, arguments, console)
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


def _plan_private(arguments: argparse.Namespace, spec: str) -> _Private:
    """Return the private jobs of a submission; raise `SpurgenError` if the secret is missing or could be read."""
    suite, device = load_suite(arguments.suite), device_of(arguments)
    limits = replace(limits_of(arguments), forget_pages=True)
    isolation = isolation_of(limits)
    if isolation != "bubblewrap" and limits.isolation != "process":
        raise SpurgenError(
            f"a submission that is not sandboxed could read the secret, and {why_unavailable()}; if you trust the "
            "submission, add --isolation process"
        )
    if isolation == "bubblewrap":  # required on every machine of a cluster as well
        limits = replace(limits, isolation="bubblewrap")
    check_shown_files([spec], suite, arguments.results)
    secret, commitment = open_secret(suite, (arguments.secret or secret_file(suite)).expanduser())
    wanted = plan(arguments.suite, arguments.tasks, [spec], arguments.seeds, device=device, limits=limits)
    public, _ = offered(wanted)  # skipped tasks are reported with the public jobs
    if arguments.share:
        public = share(by_task(public), *arguments.share)
    jobs = plan_private(public, secret, commitment.data_sha256)
    return _Private(suite, secret, commitment, jobs, Store(arguments.results, suite.name, PRIVATE), isolation)


def _may_start(private: _Private, arguments: argparse.Namespace, console: Console) -> bool:
    """Print which private jobs are to run; return whether to run them."""
    say(console, private.title)
    seconds = measured(Store(arguments.results, private.suite.name).rows())
    missing = find_missing(private.jobs, private.store.rows())
    return may_start(forecast(private.jobs, missing, arguments, seconds), arguments, console)


def _run_private(private: _Private, arguments: argparse.Namespace, console: Console) -> list[str]:
    """Run the missing private jobs; return the errors of those that failed.

    They must run after the public jobs: otherwise those could find cached private data in the kernel.
    """
    with samples_bar(console, total(private.suite), "private samples") as advance:
        digest = data_digest(private.suite, private.secret, advance, arguments.jobs)
    if digest != private.commitment.data_sha256:
        raise FrozenDataError(
            f"the secret does not give the data of commitment {private.commitment.number}; check out the generators "
            "that it was made with"
        )
    say(console, f"isolation: {private.isolation}")
    _may_start(private, arguments, console)
    try:
        return run_all(private.jobs, private.store, console, arguments)
    finally:
        forget(job.task for job in private.jobs if isinstance(job.task, Rung))
