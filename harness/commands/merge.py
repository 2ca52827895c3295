"""Merge folders of results, such as those of several machines, into one."""

import argparse
from collections.abc import Mapping
from itertools import product
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.files import check_writable, locked, matching
from spurgen.harness.machine.printing import say
from spurgen.harness.options.flags import add_results, results_folder
from spurgen.harness.results.merging import merge_rows
from spurgen.harness.results.rows import Row
from spurgen.harness.results.store import KINDS, Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "folders", nargs="+", type=results_folder, metavar="FOLDER", help="folders of results, one per machine"
    )
    add_results(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Merge the rows of all folders into --results, or none if two contradict each other; existing results stay."""
    folders = list(dict.fromkeys(path for place in arguments.folders for path in matching(place)))
    shares: dict[tuple[str, str, str], dict[str, Store]] = {}
    for folder in folders:
        for suite, kind in product(_suites(folder), KINDS):
            source = Store(folder, suite, kind, shipped=False)
            for label in source.labels():
                shares.setdefault((suite, kind, label), {})[str(folder)] = source
    rows = [(Store(arguments.results, suite, kind), label, of) for (suite, kind, label), of in shares.items()]
    for row in rows:  # before any is written
        _joined(*row)
    check_writable(arguments.results, "--results")
    for target, label, sources in rows:
        with locked(target.folder):
            target.write(label, _joined(target, label, sources))
    merged = f"{len(rows)} row{'s' * (len(rows) != 1)} of {len(folders)} folders"
    say(console, f"merged {merged} into {arguments.results}")
    return 0


def _joined(target: Store, label: str, sources: Mapping[str, Store]) -> Row:
    """Return a row with the results of the target and of the folders; the first one of each stays.

    A row that comes with spurgen is dropped if a folder contradicts it. Raise `SpurgenError`, which names both folders,
    if two contradict each other.
    """
    folders: Row = {}
    before: dict[str, Store] = {}
    for name, source in sources.items():
        share = source.row(label)
        try:
            folders = merge_rows(label, folders, share)
        except SpurgenError as error:
            raise SpurgenError(f"{_first_against(share, label, before)} and {name}: {error}") from None
        before[name] = source
    here, own = target.row(label), (target.folder / f"{label}.jsonl").exists()
    try:
        return merge_rows(label, here, folders) if own else merge_rows(label, folders, here)
    except SpurgenError as error:
        if own:
            raise SpurgenError(f"{target.folder} and {_first_against(here, label, sources)}: {error}") from None
        return folders


def _first_against(row: Row, label: str, sources: Mapping[str, Store]) -> str:
    """Return the first folder whose row contradicts this one; all of them if only all together do."""
    for name, source in sources.items():
        try:
            merge_rows(label, source.row(label), row)
        except SpurgenError:
            return name
    return ", ".join(sources)


def _suites(folder: Path) -> list[str]:
    """Return the suites of which a folder has rows; raise `SpurgenError`, which names the folder, if there is none."""
    suites = sorted({
        path.relative_to(folder).parts[0] for kind in KINDS for path in folder.glob(str(Path("*", kind, "*.jsonl")))
    })  # fmt: skip
    if not suites:
        raise SpurgenError(f"{folder} has no rows: expected files such as {folder}/SUITE/ROW.jsonl")
    return suites
