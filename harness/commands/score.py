"""Scores a submission, a .py file or module[:attribute], and gives it a row."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import FrozenDataError, SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.files import PRIVATE
from spurgen.harness.commands._arguments import limits_of
from spurgen.harness.commands._verifying import samples_bar, total
from spurgen.harness.commands.benchmark import add_run_arguments, run_specs
from spurgen.harness.machine.devices import pick_device
from spurgen.harness.machine.files import check_writable
from spurgen.harness.results.store import Store
from spurgen.harness.running.missing import run_missing
from spurgen.harness.running.plan import baseline_specs, offered, plan, plan_private
from spurgen.harness.sandbox.bubblewrap import why_unavailable
from spurgen.harness.sandbox.launch import isolation_of
from spurgen.harness.splits.private import data_digest, open_secret, secret_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    parser.add_argument("submission", help="path/to/file.py, package.module, package.module:attribute, or a baseline")
    parser.add_argument(
        "--private", action="store_true",
        help="score on the private splits as well; for whoever holds the secret of the open commitment",
    )  # fmt: skip
    parser.add_argument("--secret", type=Path, help="file of the secret; default: ~/.spurgen/SUITE.secret")
    add_run_arguments(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Runs the submission's missing cells and prints the tables of its tasks."""
    specs = baseline_specs([arguments.submission])
    if arguments.secret and not arguments.private:
        raise SpurgenError("--secret is for --private; add it, or leave the secret out")
    if arguments.private and _score_privately(arguments, console, specs[0]):
        return 1
    return run_specs(arguments, console, specs, mine=specs)


def _score_privately(arguments: argparse.Namespace, console: Console, spec: str) -> int:
    """Runs what is missing of a submission on the private splits; returns 1 if a cell failed."""
    suite, device, limits = load_suite(arguments.suite), pick_device(arguments.device), limits_of(arguments)
    isolation = isolation_of(limits)
    if isolation != "bubblewrap" and limits.isolation != "process":
        raise SpurgenError(
            f"a submission that is not shut in could read the secret, and {why_unavailable()}; or trust it, with "
            "--isolation process"
        )
    secret, commitment = open_secret(suite, (arguments.secret or secret_file(suite)).expanduser())
    store = Store(arguments.results, suite.name, PRIVATE)
    check_writable(store.folder, "--results")
    wanted = plan(arguments.suite, arguments.tasks, [spec], arguments.seeds, device=device, limits=limits)
    jobs, _ = offered(wanted)  # skipped tasks are reported with the public jobs
    hidden = plan_private(jobs, secret, commitment.data_sha256)
    with samples_bar(console, total(suite), "private samples") as advance:
        digest = data_digest(suite, secret, advance, arguments.jobs)
    if digest != commitment.data_sha256:
        raise FrozenDataError(
            f"the secret gives other data than commitment {commitment.number} says: check out the generators that it "
            "was made with"
        )
    console.print(f"isolation: {isolation}", markup=False)
    console.print(f"private splits of commitment {commitment.number}, {commitment.committed}", markup=False)
    processes = arguments.jobs or (None if device == "cpu" else 1)
    failures = [result.error for _, result in run_missing(hidden, store, console, processes) if result.error]
    for error in dict.fromkeys(failures):
        console.print(error, markup=False, style="red", soft_wrap=True)
    return 1 if failures else 0
