"""Says whether a suite is any good: does ERM fail, are methods told apart, do others agree."""

import argparse
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.export import shortened
from spurgen.harness.board.files import REFERENCE
from spurgen.harness.commands._arguments import add_results, add_suite
from spurgen.harness.commands._sections import around, renew
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.results.store import Store
from spurgen.harness.validity._published import PUBLISHED, read_published
from spurgen.harness.validity._report import draw, examine, summary, to_markdown
from spurgen.harness.validity._rows import gather

BEGIN, END = "<!-- validity: begin -->", "<!-- validity: end -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    add_suite(parser)
    add_results(parser)
    parser.add_argument("--published", type=Path, default=PUBLISHED, help="default: the file that comes with spurgen")
    parser.add_argument(
        "--readme", type=Path, help=f"a file whose section from {BEGIN} to {END} is to be renewed as well"
    )
    parser.add_argument("--out", type=Path, help="folder for validity.md, .json and the plots; default: print only")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Writes validity.md, validity.json and the figures, prints the text; returns 1 if a test failed."""
    if arguments.readme:
        around(arguments.readme, BEGIN, END)
    suite = load_suite(arguments.suite)
    if arguments.out:
        check_writable(arguments.out, "--out")
    published = read_published(arguments.published)
    rows = Store(arguments.results, suite.name).rows()
    if not rows:
        raise SpurgenError(
            f"--results {arguments.results}: there are no rows of {suite.name} to judge; run spurgen benchmark"
        )
    references = Store(arguments.results, suite.name, REFERENCE).rows()
    results = examine(gather(suite, rows, references, published, list(names_in(BASELINES))))
    text = html.unescape(to_markdown(suite.name, results, ()))  # for the eye, as `to_terminal` does
    if arguments.out:
        text = _write(arguments.out, suite.name, results, console)
    if arguments.readme:
        renew(arguments.readme, BEGIN, END, summary(results))
    print(text)
    failed = [name for name, result in results.items() if result["passed"] is False]
    if failed:
        console.print(f"failed, hence exit code 1: {', '.join(failed)}", markup=False, style="red")
    return 1 if failed else 0


def _write(out: Path, suite: str, results: Mapping[str, Any], console: Console) -> str:
    """Write the report, its data and its plots; return the report as it is printed."""
    plots = draw(results)
    text = to_markdown(suite, results, plots)
    write_atomically(out / "validity.json", json.dumps(shortened(dict(results)), indent=1, allow_nan=False) + "\n")
    write_atomically(out / "validity.md", text)
    for name, png in plots.items():
        write_atomically(out / f"{name}.png", png)
    console.print(f"wrote {out / 'validity'}.md, .json and {len(plots)} plots", markup=False)
    return html.unescape(text)
