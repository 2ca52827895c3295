"""Build a static site of the leaderboard from the results alone: it opens from disk and needs no server."""

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import SUITES
from spurgen.harness.machine.pool import explain_stop
from spurgen.harness.machine.printing import say
from spurgen.harness.options.flags import add_out, add_results, add_suite, no_rows
from spurgen.harness.results.store import IN_CONTEXT, SHIPPED, Store
from spurgen.harness.site.stamp import DOCS, adopt_docs, check_replaceable, inputs_digest, is_current, replace

OUT = Path("site")
STOPPED = "the folder is as it was, or complete"
REPORT = SHIPPED.parent / "validity" / "validity.md"
"""The validity report that comes with the package."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_suite(parser)
    add_results(parser)
    parser.add_argument(
        "--validity", type=Path, metavar="FILE",
        help="validity.md of this suite, as spurgen validity writes it; default: the one that comes with SpurGen",
    )  # fmt: skip
    add_out(parser, "folder of the site", OUT)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Build the site, unless the folder has it already."""
    out: Path = arguments.out
    check_replaceable(out)
    adopt_docs(out)
    report = _report(arguments.suite, arguments.validity)
    documented = (out / DOCS / "index.html").is_file()
    inputs = inputs_digest(_inputs(arguments.suite, arguments.results, report), [arguments.suite, str(documented)])
    if is_current(out, inputs):
        say(console, f"{out / 'index.html'} is up to date")
        return 0
    # These load numpy, scipy and the generator, which takes longer than checking that nothing changed.
    from spurgen.benchmark.suite import load_suite
    from spurgen.harness.machine.pool import process_pool
    from spurgen.harness.site.build import build
    from spurgen.harness.site.material import gather
    from spurgen.harness.site.render import Figures

    with console.status("building the site"), explain_stop(STOPPED, "free some"), process_pool(1, 1) as pool:
        suite, figures = load_suite(arguments.suite), Figures(pool)
        if not Store(arguments.results, suite.name).labels():
            raise no_rows(suite, arguments.results)
        material = gather(suite, arguments.results, report)
        files = build(dataclasses.replace(material, documented=documented), figures)
        replace(out, files, inputs)
    size = sum(map(len, files.values())) / 1e6
    say(console, f"wrote {out / 'index.html'} and {len(files) - 1} files beside it, {size:.1f} MB in all")
    return 0


def _report(suite: str, named: Path | None) -> Path | None:
    """Return the validity report: the named one, or the shipped one of that suite, or None."""
    if named is not None:
        if not named.is_file():
            makes = spurgen("validity --out FOLDER")
            raise SpurgenError(f"--validity {named}: there is no such file; {makes} makes it")
        return named
    title = f"# Is SpurGen {Path(suite).stem} any good?"
    return REPORT if REPORT.is_file() and REPORT.read_text(encoding="utf-8").startswith(title) else None


def _inputs(suite: str, results: Path, report: Path | None) -> Iterator[Path]:
    """Yield the files that a site is made from: the suite's and its results, the shipped ones included."""
    file = Path(suite) if suite.endswith(".toml") else SUITES / f"{suite}.toml"
    yield from (path for path in file.parent.glob(f"{file.stem}.*") if path.is_file())
    yield from (path for path in file.with_suffix("").glob("*.toml"))
    for folder in (results, SHIPPED):
        yield from (path for path in (folder / file.stem).rglob("*") if path.suffix in (".jsonl", ".npz"))
    for folder in (results / IN_CONTEXT, SHIPPED / IN_CONTEXT, SHIPPED.parent / "profiles"):
        yield from folder.glob("*.json")
    if report:
        yield from (report, *report.parent.glob("*.svg"))
