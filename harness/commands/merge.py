"""Merge folders of results, such as those of several machines, into one."""

import argparse
from functools import partial
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.commands._arguments import add_results
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.printing import say
from spurgen.harness.results.merging import merge_rows
from spurgen.harness.results.store import Store

KINDS = ("", "private", "reference")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="folders of results, one per machine")
    add_results(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Merge the rows of all folders into --results; what is there already stays."""
    found = [(folder, suite) for folder in arguments.folders for suite in _suites(folder)]
    check_writable(arguments.results, "--results")
    count = 0
    for folder, suite in found:
        for kind in KINDS:
            source, target = Store(folder, suite, kind, shipped=False), Store(arguments.results, suite, kind)
            for label in source.labels():
                target.merge(label, partial(merge_rows, label, source.row(label)))
                count += 1
    say(console, f"merged {count} rows of {len(arguments.folders)} folders into {arguments.results}")
    return 0


def _suites(folder: Path) -> list[str]:
    """Return the suites of which a folder has rows; raise `SpurgenError` if there is none."""
    suites = sorted({path.parent.name for path in folder.glob("*/*.jsonl")})
    if not suites:
        raise SpurgenError(f"{folder} has no rows: expected files such as {folder}/SUITE/ROW.jsonl")
    return suites
