"""Rank the baselines on a real data set, to compare with their ranking on SpurGen's tasks."""

import argparse
import html
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.plugins import discover, names_in
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import load_suite
from spurgen.harness.commands._arguments import Unique, add_out, add_results, add_suite, positive_int, up_to
from spurgen.harness.machine.files import check_writable
from spurgen.harness.machine.printing import say
from spurgen.harness.results.store import Store
from spurgen.harness.validity._published import read_published
from spurgen.harness.validity._rows import gather

OUT = Path("spurgen-anchor")
AT_MOST, MOST_SAMPLES = 10_000, 10_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add = parser.add_argument
    add(
        "--data", type=Path, metavar="FOLDER",
        help="folder of Waterbirds, CelebA or CivilComments, recognised by its files; default: handwritten digits",
    )  # fmt: skip
    add(
        "--at-most", type=up_to(MOST_SAMPLES), default=AT_MOST, metavar="N",
        help=f"samples of each split of --data to use, drawn at random; default: {AT_MOST:,}",
    )  # fmt: skip
    add(
        "--methods", nargs="+", action=Unique, default=[], metavar="METHOD", help="baselines, besides erm; default: all"
    )
    add(
        "--trials", type=positive_int, default=8, metavar="N",
        help="settings per method, its defaults and draws that all methods share; default: 8",
    )  # fmt: skip
    add("--worlds", type=positive_int, default=5, metavar="N", help="worlds of the figures; default: 5")
    add_suite(parser)
    add_results(parser)
    add_out(parser, "folder of the results, the report and the ranking", OUT)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run what is missing, print the report, and write it, the results and the ranking."""
    known = names_in(BASELINES)
    asked = [one_of("method", name, known) for name in arguments.methods]
    suite = load_suite(arguments.suite)
    check_writable(arguments.out, "--out")
    from spurgen.harness.anchor.files import (  # imported late: torch is slow to import
        open_data,
        results_in,
        write_files,
    )
    from spurgen.harness.anchor.study import Study

    data = open_data(arguments.data, arguments.at_most, arguments.out, console)
    path, methods = results_in(arguments.out, data.name), list(dict.fromkeys(["erm", *(asked or known)]))
    content = Study(data, path, methods, arguments.trials, arguments.worlds).run(console)
    rows = Store(arguments.results, suite.name).rows()
    access = {name: module.submission.ACCESS for name, module in discover(BASELINES).items()}
    report = write_files(content, gather(suite, rows, {}, read_published(), access), arguments.out)
    print(html.unescape(report))  # Markdown's escapes are not for a terminal
    say(console, f"wrote {path}, with .md and .csv")
    return 0
