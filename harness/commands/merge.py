"""Merge folders of results, such as those of several machines, into one."""

import argparse
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.commands._arguments import add_results
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.shared import fetched
from spurgen.harness.results.merging import merge_rows
from spurgen.harness.results.rows import Row, TaskRow
from spurgen.harness.results.store import KINDS, Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "folders", nargs="+", metavar="FOLDER",
        help="folders of results, one per machine, or URLs of zip files that spurgen work wrote; a URL may have a *; "
        "answers of people are not merged",
    )  # fmt: skip
    add_results(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Merge the rows of all folders into --results; what is there already stays."""
    merged = set[tuple[str, str, str]]()
    with ExitStack() as stack:
        folders = {
            name: copy for place in arguments.folders for name, copy in stack.enter_context(fetched(place)).items()
        }
        found = [(folder, suite) for name, folder in folders.items() for suite in _suites(folder, name)]
        check_writable(arguments.results, "--results")
        for folder, suite in found:
            for kind in KINDS:
                source, target = Store(folder, suite, kind, shipped=False), Store(arguments.results, suite, kind)
                for label in source.labels():
                    own = (target.folder / f"{label}.jsonl").exists()
                    target.merge(label, partial(_joined, label, source.row(label), own=own))
                    merged.add((suite, kind, label))
    say(
        console,
        f"merged {len(merged)} row{'s' * (len(merged) != 1)} of {len(folders)} folders into {arguments.results}",
    )
    return 0


def _joined(label: str, share: Row, here: Row, *, own: bool) -> dict[str, TaskRow]:
    """Return a row with the results of both; of a result that both have, that of the user's own row which is there.

    `own`: whether the row that is `here` is the user's own. One that comes with spurgen gives way where they contradict
    each other.
    """
    try:
        return merge_rows(label, here, share) if own else merge_rows(label, share, here)
    except SpurgenError:
        if own:
            raise
        return dict(share)


def _suites(folder: Path, name: str) -> list[str]:
    """Return the suites of which a folder has rows; raise `SpurgenError`, which names the folder, if there is none."""
    suites = sorted({
        path.relative_to(folder).parts[0] for kind in KINDS for path in folder.glob(str(Path("*", kind, "*.jsonl")))
    })  # fmt: skip
    if not suites:
        raise SpurgenError(f"{name} has no rows: expected files such as {name}/SUITE/ROW.jsonl")
    return suites
