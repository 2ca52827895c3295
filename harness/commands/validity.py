"""Says whether a suite is any good: does ERM fail, are methods told apart, do others agree."""

import argparse
import html
import json
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.files import stem_for
from spurgen.harness.commands._arguments import add_suite
from spurgen.harness.commands._sections import around, renew
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.results.store import RESULTS, read_cells
from spurgen.harness.validity._published import PUBLISHED, read_published
from spurgen.harness.validity._report import draw, examine, summary, to_markdown
from spurgen.harness.validity._rows import gather

BEGIN, END = "<!-- validity: begin -->", "<!-- validity: end -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's flags."""
    add_suite(parser)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the rows")
    parser.add_argument(
        "--calibration", type=Path, help="folder of the references; default: calibration, beside the rows"
    )
    parser.add_argument("--published", type=Path, default=PUBLISHED, help="default: the file that comes with spurgen")
    parser.add_argument(
        "--readme", type=Path, help=f"a file whose section from {BEGIN} to {END} is to be renewed as well"
    )
    parser.add_argument(
        "--out", type=Path, help="folder to write; default: beside the rows validity, or validity-SUITE if not v1's"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Writes validity.md, validity.json and the figures, prints the text; returns 1 if a test failed."""
    if arguments.readme:
        around(arguments.readme, BEGIN, END)
    suite = load_suite(arguments.suite)
    beside: Path = arguments.results.parent
    out: Path = arguments.out or beside / stem_for(suite.name, "validity")
    check_writable(out, "--out")
    published = read_published(arguments.published)
    rows = read_cells(arguments.results, suite.name)
    if not rows and (arguments.readme or not arguments.out or not arguments.results.is_dir()):
        raise SpurgenError(
            f"--results {arguments.results}: there are no rows of {suite.name} to judge; make some with spurgen "
            "benchmark, or say with --out where a report on none shall go"
        )
    references = read_cells(arguments.calibration or beside / "calibration", suite.name)
    results = examine(gather(suite, rows, references, published, list(discover(BASELINES))))
    figures = draw(results)
    text = to_markdown(suite.name, results, figures)
    write_atomically(out / "validity.json", json.dumps(results, indent=1, allow_nan=False) + "\n")
    write_atomically(out / "validity.md", text)
    for name, png in figures.items():
        write_atomically(out / f"{name}.png", png)
    if arguments.readme:
        renew(arguments.readme, BEGIN, END, summary(results))
    print(html.unescape(text))  # for the eye, as `to_terminal` does
    console.print(f"wrote {out / 'validity'}.md, .json and {len(figures)} figures", markup=False)
    failed = [name for name, result in results.items() if result["passed"] is False]
    if failed:
        console.print(f"failed, hence exit code 1: {', '.join(failed)}", markup=False, style="red")
    return 1 if failed else 0
