"""List, verify, freeze or describe the splits of a suite."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from tabulate import tabulate

from spurgen.benchmark.errors import ScenarioError
from spurgen.benchmark.manifest import dump_manifest
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.exports.documents import left_out, write_suite
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import Unique, add_jobs, add_suite
from spurgen.harness.options.verifying import only, total, verify_all
from spurgen.harness.splits.frozen import ALONE, freeze

Action = Callable[[Suite, argparse.Namespace, Console], int]
FLAGS = argparse.ArgumentParser(add_help=False)
add_suite(FLAGS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions, each with its own flags."""
    actions = parser.add_subparsers(required=True, metavar="action")
    for name, act, summary in (
        ("list", _list, "Print every part's size and digest."),
        ("verify", _verify, "Make every sample again, and compare it with the manifest."),
        ("freeze", _freeze, "Write the manifest of a new suite."),
        ("describe", _describe, "Write a suite's datasheet and its Croissant description."),
    ):
        action = actions.add_parser(name, parents=[FLAGS], help=summary, description=summary)
        action.set_defaults(act=act)
        if name not in ("freeze", "describe"):
            action.add_argument(
                "--scenarios", nargs="+", action=Unique, default=[], metavar="SCENARIO",
                help="names of scenarios; default: all of the suite",
            )  # fmt: skip
        if name in ("verify", "freeze"):
            add_jobs(action, f"processes; default: one per core, and one for fewer than {ALONE} samples")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the chosen action."""
    suite = load_suite(arguments.suite)
    return int(arguments.act(only(suite, getattr(arguments, "scenarios", ())), arguments, console))


def _list(suite: Suite, _: argparse.Namespace, __: Console) -> int:
    lines = [
        {"scenario": name, "part": part, "samples": p.samples, "shards": len(p.shards), "sha256": p.digest}
        for name, scenario in suite.manifest.scenarios.items()
        if name in suite.scenarios
        for part, p in scenario.parts.items()
    ]
    print(tabulate(lines, headers="keys"))
    return 0


def _verify(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    return verify_all(suite, console, arguments.jobs)


def _freeze(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    """Write what is missing of a frozen suite's files: one after the other, since a run may be killed between them."""
    missing = [action for action, files in _files(suite).items() if not all(file.exists() for file in files)]
    if not missing:
        raise ScenarioError(
            f"{suite.manifest_file} exists, and a frozen suite never changes; make a new version, "
            "or delete the file if this one was never published"
        )
    for action in missing:
        action(suite, arguments, console)
    return 0


def _files(suite: Suite) -> dict[Action, list[Path]]:
    """Return the actions that write a frozen suite's files, in order, with their files."""
    return {_manifest: [suite.manifest_file], _describe: [suite.datasheet_file, suite.croissant_file]}


def _manifest(suite: Suite, arguments: argparse.Namespace, console: Console) -> int:
    with samples_bar(console, total(suite)) as advance:
        manifest = freeze(suite, advance, arguments.jobs)
    write_atomically(suite.manifest_file, dump_manifest(manifest))
    say(console, f"wrote {suite.manifest_file}: no test image or caption occurs in train or val")
    return 0


def _describe(suite: Suite, _: argparse.Namespace, console: Console) -> int:
    written = write_suite(suite)
    say(console, f"wrote {' and '.join(map(str, written))}")
    if suite.croissant_file not in written:
        say(console, left_out(suite.croissant_file))
    return 0
