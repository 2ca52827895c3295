"""Test the benchmark itself: ERM's failure, differences between methods, agreement with published rankings."""

import argparse
import html

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import BASELINES, discover
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import load_suite
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.options.flags import add_out, add_results, add_suite
from spurgen.harness.options.printing import add_page, around, renew
from spurgen.harness.plots.style import save
from spurgen.harness.results.store import CEILING, Store
from spurgen.harness.validity.published import read_published
from spurgen.harness.validity.report import ask, draw, summary, to_json, to_markdown
from spurgen.harness.validity.suite import FAILS, gather

BEGIN, END = "<!-- validity: begin -->", "<!-- validity: end -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_suite(parser)
    add_results(parser)
    add_page(parser, BEGIN, END)
    add_out(parser, "folder of the report, its data and its plots; default: print only")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print the report, and write it, its data and its plots; return 1 if a claim does not hold.

    Without rows it is printed only, as a list of what is missing.
    """
    if arguments.page:
        around(arguments.page, BEGIN, END)
    suite = load_suite(arguments.suite)
    if arguments.out:
        check_writable(arguments.out, "--out")
    rows = Store(arguments.results, suite.name).rows()
    if not rows and (arguments.out or arguments.page):
        raise SpurgenError(
            f"--results {arguments.results}: there are no rows of {suite.name} to judge; run "
            f"{spurgen('benchmark')}, or leave out --out and --page to see what is missing"
        )
    access = {name: module.submission.ACCESS for name, module in discover(BASELINES).items()}
    ranked = gather(suite, rows, read_published(), access, Store(arguments.results, suite.name, CEILING).rows())
    answers = ask(ranked)
    plots = draw(answers) if arguments.out else {}
    report = to_markdown(ranked, answers, plots)
    if arguments.out:
        write_atomically(arguments.out / "validity.json", to_json(answers))
        write_atomically(arguments.out / "validity.md", report)
        for name, figure in plots.items():
            save(figure, arguments.out / f"{name}.svg")
        say(console, f"wrote {arguments.out / 'validity'}.md, .json and {len(plots)} plots")
    if arguments.page:
        renew(arguments.page, BEGIN, END, summary(ranked, answers))
    print(html.unescape(report))  # Markdown's escapes are not for a terminal
    failed = [name for name, answer in answers.items() if answer.verdict == FAILS]
    if failed:
        say(console, f"exit code 1, because these claims do not hold: {', '.join(failed)}", "red")
    return 1 if failed else 0
