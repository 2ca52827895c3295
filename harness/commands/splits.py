"""Lists, regenerates, verifies or freezes the splits of a suite; commits to private ones, and reveals them."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from tabulate import tabulate

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.manifest import dump_manifest
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.commands._arguments import Unique, add_suite, positive_int
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.progress import make_progress
from spurgen.harness.splits.freeze import freeze, part_sizes
from spurgen.harness.splits.private import (
    check_revealed,
    commit,
    commitments_file,
    read_commitments,
    reveal,
    secret_file,
)
from spurgen.harness.splits.store import DATA, DEFAULT_PARTS, chosen_parts, regenerate
from spurgen.harness.splits.verify import stamp, verify, verify_store

T = TypeVar("T")
FLAGS = argparse.ArgumentParser(add_help=False)
add_suite(FLAGS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the actions, each with flags of its own."""
    actions = parser.add_subparsers(required=True, metavar="action")
    for name, act, summary in (
        ("list", _list, "Prints every part's size and digest."),
        ("regenerate", _regenerate, "Writes what is missing or damaged on disk."),
        ("verify", _verify, "Makes every sample again, compares it with the manifest, and checks what is on disk."),
        ("freeze", _freeze, "Writes the manifest of a new suite."),
        ("commit", _commit, "Draws the secret of private splits and publishes its commitment."),
        ("reveal", _reveal, "Publishes the secret of the open commitment, which ends its use."),
    ):
        action = actions.add_parser(name, parents=[FLAGS], help=summary, description=summary)
        action.set_defaults(act=act)
        if name in ("commit", "reveal"):
            action.add_argument(
                "--secret",
                type=Path,
                help="default: ~/.spurgen/SUITE.secret, beside which no plain process starts unasked",
            )
        elif name != "freeze":
            action.add_argument("--scenarios", nargs="+", action=Unique, default=[], help="default: all of the suite")
        if name in ("regenerate", "verify"):
            action.add_argument("--out", type=Path, default=DATA, help=f"folder of the splits; default: {DATA}")
        if name in ("verify", "freeze"):
            action.add_argument("--jobs", type=positive_int, help="processes; default: one per core")
        if name == "regenerate":
            action.add_argument(
                "--parts", nargs="+", action=Unique, default=list(DEFAULT_PARTS), metavar="PART",
                help="train, val, test, twins, or one kind of twins such as twins/core; default: train val",
            )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Runs the chosen action."""
    suite = load_suite(arguments.suite)
    return int(arguments.act(only(suite, getattr(arguments, "scenarios", ())), arguments, console))


def only(suite: Suite, names: Sequence[str]) -> Suite:
    """Returns a suite with some of its scenarios, all if none is named."""
    wanted = {one_of("scenario", name, suite.scenarios) for name in names} or set(suite.scenarios)
    return replace(suite, tasks={name: task for name, task in suite.tasks.items() if task.scenario.name in wanted})


def total(suite: Suite) -> int:
    """Counts all samples of a suite, twins included."""
    return sum(sum(part_sizes(scenario).values()) for scenario in suite.scenarios.values())


def _list(suite: Suite, _: argparse.Namespace, __: Console) -> int:
    lines = [
        {
            "scenario": name,
            "part": part,
            "samples": frozen.samples,
            "shards": len(frozen.shards),
            "sha256": frozen.digest,
        }
        for name, scenario in suite.manifest.scenarios.items()
        if name in suite.scenarios
        for part, frozen in scenario.parts.items()
    ]
    print(tabulate(lines, headers="keys"))
    return 0


def _regenerate(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    sizes = {name: part_sizes(scenario) for name, scenario in suite.scenarios.items()}
    known = {"twins"}.union(*sizes.values())
    parts = [one_of("part", part, known) for part in arguments.parts]
    samples = sum(sizes[n][part] for n, scenario in suite.scenarios.items() for part in chosen_parts(scenario, parts))
    with make_progress(console) as progress:
        bar = progress.add_task("samples", total=samples)
        regenerate(
            suite, arguments.out, suite.scenarios, parts,
            lambda line: progress.console.print(line, markup=False, soft_wrap=True),
            lambda made: progress.advance(bar, made),
        )  # fmt: skip
    return 0


def _verify(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    return verify_all(suite, arguments.out, console, arguments.jobs)


def verify_all(suite: Suite, root: Path, console: Console, jobs: int | None = None) -> int:
    """Verifies the generators against the manifest, and what lies on disk; returns 0 or 1."""
    with make_progress(console) as progress:
        bar = progress.add_task("samples", total=total(suite))
        wrong = verify(suite, lambda made: progress.advance(bar, made), jobs)
    stored, problems = (0, [wrong]) if wrong else verify_store(suite, root)
    for problem in problems:
        console.print(problem, markup=False, soft_wrap=True)
    if problems or _verify_revealed(suite, console):
        return 1
    if set(suite.scenarios) == set(suite.manifest.scenarios):
        try:
            stamp(suite, root)
        except OSError as error:
            told = f"cannot note this in {root} ({error.strerror}), so spurgen benchmark verifies again"
            console.print(told, markup=False, soft_wrap=True)
    on_disk = f"so are those of {stored} parts in {root}" if stored else f"there are none on disk in {root}"
    told = f"suite {suite.name}: all {total(suite):,} samples, made again, are the frozen ones; {on_disk}"
    console.print(told, markup=False, soft_wrap=True)
    return 0


def _freeze(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    if suite.manifest_file.exists():
        raise ScenarioError(
            f"{suite.manifest_file} exists, and a frozen suite never changes; make a new version, "
            "or delete the file if this one was never published"
        )
    with make_progress(console) as progress:
        bar = progress.add_task("samples", total=total(suite))
        manifest = freeze(suite, lambda made: progress.advance(bar, made), arguments.jobs)
    write_atomically(suite.manifest_file, dump_manifest(manifest))
    console.print(f"wrote {suite.manifest_file}: no test picture or caption occurs in train or val")
    return 0


def _verify_revealed(suite: Suite, console: Console) -> int:
    """Makes the private splits whose secrets were revealed again; returns 1 if one is not what was committed to."""
    if set(suite.scenarios) != set(suite.manifest.scenarios):
        return 0  # what is committed to are the data of the whole suite
    for commitment in read_commitments(suite):
        if commitment.revealed is not None:
            problem = with_progress(suite, console, partial(check_revealed, suite, commitment))
            told = problem or f"commitment {commitment.number}: its secret and its data are those committed to"
            console.print(told, markup=False, soft_wrap=True)
            if problem:
                return 1
    return 0


def with_progress(suite: Suite, console: Console, work: Callable[[Callable[[int], None]], T]) -> T:
    """Shows how many of a suite's private samples some work has made, which it tells the function that it is given."""
    with make_progress(console) as progress:
        bar = progress.add_task("private samples", total=total(suite))
        return work(lambda made: progress.advance(bar, made))


def _commit(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    file = (arguments.secret or secret_file(suite)).expanduser()
    made = with_progress(suite, console, partial(commit, suite, file))
    console.print(
        f"commitment {made.number}: published in {commitments_file(suite)}; the secret is in {file}: keep it safe, and "
        f"show it to nobody before spurgen splits reveal",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    return 0


def _reveal(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    made = reveal(suite, (arguments.secret or secret_file(suite)).expanduser())
    told = f"commitment {made.number} is revealed in {commitments_file(suite)}; spurgen splits verify checks it"
    console.print(told, markup=False, soft_wrap=True)
    return 0
