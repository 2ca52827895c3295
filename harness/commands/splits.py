"""Lists, regenerates, verifies or freezes the canonical splits of a suite."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from tabulate import tabulate

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.manifest import dump_manifest
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.benchmarking import make_progress
from spurgen.harness.freeze import freeze, part_sizes
from spurgen.harness.rows import write_atomically
from spurgen.harness.store import DATA, DEFAULT_PARTS, regenerate
from spurgen.harness.verify import stamp, verify, verify_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the actions and their flags."""
    parser.add_argument("action", choices=("list", "regenerate", "verify", "freeze"))
    parser.add_argument("--suite", default="v1", help="default: v1")
    parser.add_argument("--out", type=Path, default=DATA, help="folder of the splits on disk; default: data")
    parser.add_argument("--scenarios", nargs="+", default=[], help="default: all")
    parser.add_argument(
        "--parts", nargs="+", default=list(DEFAULT_PARTS), choices=("train", "val", "test", "twins"),
        help="what regenerate writes; default: train val",
    )  # fmt: skip
    parser.add_argument("--jobs", type=int, help="processes; default: one per core")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Runs the chosen action."""
    suite = load_suite(arguments.suite)
    actions: dict[str, Callable[[], int]] = {
        "list": lambda: _list(suite),
        "regenerate": lambda: _regenerate(suite, arguments, console),
        "verify": lambda: verify_all(suite, arguments.out, console, arguments.jobs),
        "freeze": lambda: _freeze(suite, console, arguments.jobs),
    }
    return actions[arguments.action]()


def total(suite: Suite) -> int:
    """Counts all samples of a suite, twins included."""
    return sum(sum(part_sizes(scenario).values()) for scenario in suite.scenarios.values())


def _list(suite: Suite) -> int:
    lines = [
        {
            "scenario": name,
            "part": part,
            "samples": frozen.samples,
            "shards": len(frozen.shards),
            "sha256": frozen.digest,
        }
        for name, scenario in suite.manifest.scenarios.items()
        for part, frozen in scenario.parts.items()
    ]
    print(tabulate(lines, headers="keys"))
    return 0


def _regenerate(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    names = [suite.scenario(name).name for name in arguments.scenarios] or list(suite.scenarios)
    regenerate(suite, arguments.out, names, arguments.parts, lambda line: console.print(line, markup=False))
    return 0


def verify_all(suite: Suite, root: Path, console: Console, jobs: int | None = None) -> int:
    """Verifies the generators against the manifest, and what lies on disk; returns 0 or 1."""
    with make_progress(console) as progress:
        bar = progress.add_task("samples", total=total(suite))
        wrong = verify(suite, lambda made: progress.advance(bar, made), jobs)
    problems = [wrong] if wrong else verify_store(suite, root)
    for problem in problems:
        console.print(problem, markup=False, soft_wrap=True)
    if problems:
        return 1
    stamp(suite, root)
    console.print(f"suite {suite.name}: all {total(suite):,} samples are the frozen ones")
    return 0


def _freeze(suite: Suite, console: Console, jobs: int | None) -> int:
    if suite.manifest_file.exists():
        raise ScenarioError(
            f"{suite.manifest_file} exists, and a frozen suite never changes; make a new version, "
            "or delete the file if this one was never published"
        )
    with make_progress(console) as progress:
        bar = progress.add_task("samples", total=total(suite))
        manifest = freeze(suite, lambda made: progress.advance(bar, made), jobs)
    write_atomically(suite.manifest_file, dump_manifest(manifest))
    console.print(f"wrote {suite.manifest_file}: no test picture or caption occurs in train or val")
    return 0
