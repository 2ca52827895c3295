"""List, regenerate, verify or freeze the splits of a suite; commit to private splits, and reveal them."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

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

FLAGS = argparse.ArgumentParser(add_help=False)
add_suite(FLAGS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions, each with its own flags."""
    actions = parser.add_subparsers(required=True, metavar="action")
    for name, act, summary in (
        ("list", _list, "Print every part's size and digest."),
        ("regenerate", _regenerate, "Write what is missing or damaged on disk."),
        ("verify", _verify, "Make every sample again, compare it with the manifest, and check what is on disk."),
        ("freeze", _freeze, "Write the manifest of a new suite."),
        ("commit", _commit, "Draw the secret of private splits and publish its commitment."),
        ("reveal", _reveal, "Publish the secret of the open commitment, which ends its use."),
    ):
        action = actions.add_parser(name, parents=[FLAGS], help=summary, description=summary)
        action.set_defaults(act=act)
        if name in ("commit", "reveal"):
            action.add_argument(
                "--secret",
                type=Path,
                help="default: ~/.spurgen/SUITE.secret; while it exists, submissions run without a sandbox only on request",
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
    """Run the chosen action."""
    suite = load_suite(arguments.suite)
    return int(arguments.act(only(suite, getattr(arguments, "scenarios", ())), arguments, console))


def only(suite: Suite, names: Sequence[str]) -> Suite:
    """Return a suite with the named scenarios only, or with all if none is named."""
    wanted = {one_of("scenario", name, suite.scenarios) for name in names} or set(suite.scenarios)
    return replace(suite, tasks={name: task for name, task in suite.tasks.items() if task.scenario.name in wanted})


def total(suite: Suite) -> int:
    """Return the number of all samples of a suite, twins included."""
    return sum(sum(part_sizes(scenario).values()) for scenario in suite.scenarios.values())


def _list(suite: Suite, _: argparse.Namespace, __: Console) -> int:
    lines = [
        {"scenario": name, "part": part, "samples": p.samples, "shards": len(p.shards), "sha256": p.digest}
        for name, scenario in suite.manifest.scenarios.items()
        if name in suite.scenarios
        for part, p in scenario.parts.items()
    ]
    print(tabulate(lines, headers="keys"))
    return 0


def _regenerate(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    sizes = {name: part_sizes(scenario) for name, scenario in suite.scenarios.items()}
    known = {"twins"}.union(*sizes.values())
    parts = [one_of("part", part, known) for part in arguments.parts]
    samples = sum(sizes[n][part] for n, scenario in suite.scenarios.items() for part in chosen_parts(scenario, parts))
    with _bar(console, samples) as advance:
        regenerate(suite, arguments.out, suite.scenarios, parts, partial(_say, console), advance)
    return 0


def _verify(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    return verify_all(suite, arguments.out, console, arguments.jobs)


def verify_all(suite: Suite, root: Path, console: Console, jobs: int | None = None) -> int:
    """Verify the generators against the manifest, and what lies on disk; return 0 or 1."""
    with _bar(console, total(suite)) as advance:
        wrong = verify(suite, advance, jobs)
    stored, problems = (0, [wrong]) if wrong else verify_store(suite, root)
    for problem in problems:
        _say(console, problem)
    if problems or _verify_revealed(suite, console):
        return 1
    if set(suite.scenarios) == set(suite.manifest.scenarios):
        try:
            stamp(suite, root)
        except OSError as error:
            _say(console, f"cannot note this in {root} ({error.strerror}), so spurgen benchmark verifies again")
    on_disk = f"so are those of {stored} parts in {root}" if stored else f"there are none on disk in {root}"
    _say(console, f"suite {suite.name}: all {total(suite):,} samples, made again, are the frozen ones; {on_disk}")
    return 0


def _freeze(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    if suite.manifest_file.exists():
        raise ScenarioError(
            f"{suite.manifest_file} exists, and a frozen suite never changes; make a new version, "
            "or delete the file if this one was never published"
        )
    with _bar(console, total(suite)) as advance:
        manifest = freeze(suite, advance, arguments.jobs)
    write_atomically(suite.manifest_file, dump_manifest(manifest))
    _say(console, f"wrote {suite.manifest_file}: no test image or caption occurs in train or val")
    return 0


def _verify_revealed(suite: Suite, console: Console) -> int:
    """Make the private splits with revealed secrets again; return 1 if one differs from its commitment."""
    if set(suite.scenarios) != set(suite.manifest.scenarios):
        return 0  # a commitment is to the data of the whole suite
    for commitment in read_commitments(suite):
        if commitment.revealed is not None:
            with _bar(console, total(suite), "private samples") as advance:
                problem = check_revealed(suite, commitment, advance)
            _say(console, problem or f"commitment {commitment.number}: its secret and its data are those committed to")
            if problem:
                return 1
    return 0


def _commit(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    file = (arguments.secret or secret_file(suite)).expanduser()
    with _bar(console, total(suite), "private samples") as advance:
        commitment = commit(suite, file, advance)
    _say(
        console,
        f"commitment {commitment.number}: published in {commitments_file(suite)}; the secret is in {file}: keep it "
        "safe, and show it to nobody before spurgen splits reveal",
    )
    return 0


def _reveal(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    commitment = reveal(suite, (arguments.secret or secret_file(suite)).expanduser())
    published = commitments_file(suite)
    _say(console, f"commitment {commitment.number} is revealed in {published}; spurgen splits verify checks it")
    return 0


@contextmanager
def _bar(console: Console, samples: int, what: str = "samples") -> Iterator[Callable[[int], None]]:
    """Show a progress bar; yield the function that advances it."""
    with make_progress(console) as progress:
        bar = progress.add_task(what, total=samples)
        yield lambda count: progress.advance(bar, count)


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
