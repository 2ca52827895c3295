"""Write the figures and tables of a paper from the leaderboard's rows, or from an experiment; runs no model."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.files import build_board
from spurgen.harness.figures.from_board import board_sheets, set_sheets
from spurgen.harness.figures.from_run import read_summary, run_sheet
from spurgen.harness.figures.kit import Kit, add_doses, figure_kit
from spurgen.harness.figures.latex import figure
from spurgen.harness.figures.sheet import Sheet
from spurgen.harness.figures.style import FORMATS, Columns, encode
from spurgen.harness.figures.tables import main_table, reliance_table, task_table
from spurgen.harness.machine.citation import bibtex
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.options.flags import Unique, add_out, add_results, add_suite, add_tasks, open_store

CAPTIONS = "captions.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_suite(parser)
    add_tasks(parser, "the suite's main tasks")
    add_results(parser)
    parser.add_argument(
        "--experiment", type=Path, metavar="FILE",
        help="draw an experiment instead: the JSON file that spurgen run writes, EXPERIMENT_results.json",
    )  # fmt: skip
    add_out(parser, "folder of the figures", required=True)
    parser.add_argument(
        "--format", nargs="+", action=Unique, choices=FORMATS, default=["pdf"], metavar="FORMAT",
        help=f"formats of the figures, of {', '.join(FORMATS)}; default: pdf",
    )  # fmt: skip
    parser.add_argument(
        "--columns", type=int, choices=(1, 2), default=2, metavar="N",
        help="width of the figures: 1 column, 3.25 in, or 2, 6.75 in; default: 2",
    )  # fmt: skip
    parser.add_argument(
        "--latex", action="store_true",
        help="also write tables as LaTeX (booktabs), figures.tex with all figures and captions, and citation.bib",
    )  # fmt: skip


PREAMBLE = r"""% \usepackage{graphicx}; from a document in another folder also \graphicspath{{path/to/this/folder/}}

"""


class _Paper(NamedTuple):
    """What is written: figures, and tables of these sheets; `data`: what the BibTeX entry says of the data."""

    kit: Kit
    sheets: Sequence[Sheet]
    means: Sequence[Sheet]
    data: str


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the figures with their captions, and the LaTeX files if they are asked for."""
    check_writable(arguments.out, "--out")
    paper = _of_experiment(arguments) if arguments.experiment else _of_board(arguments, console)
    kit = paper.kit
    for item in kit.items:
        drawn = item.draw(arguments.columns)
        for kind in arguments.format:
            write_atomically(arguments.out / f"{item.name}.{kind}", encode(drawn, kind))
    texts = {CAPTIONS: captions_text(kit)} | (_latex(paper, arguments.columns) if arguments.latex else {})
    for name, text in texts.items():
        write_atomically(arguments.out / name, text)
    for sentence in kit.left_out:
        say(console, f"left out: {sentence}")
    say(console, f"wrote {len(kit.items)} figures, {', '.join(texts)} to {arguments.out}")
    return 0


def captions_text(kit: Kit) -> str:
    """Return the captions as Markdown, a paragraph per figure."""
    return "\n\n".join(f"**{item.name}**: {item.caption}" for item in kit.items) + "\n"


def _latex(paper: _Paper, columns: Columns) -> dict[str, str]:
    """Return the LaTeX files by name: tables, the environments of the figures, and the BibTeX entry."""
    several = len(paper.sheets) + len(paper.means) > 1
    main = {"table-main.tex": main_table(paper.sheets, paper.means, columns)} if several else {}
    of_tasks = {f"table-{sheet.name}.tex": task_table(sheet, columns).text for sheet in paper.sheets}
    reliances = {f"table-reliance-{sheet.name}.tex": reliance_table(sheet, columns) for sheet in paper.sheets}
    of_tasks |= {name: table.text for name, table in reliances.items() if table}
    figures = PREAMBLE + "\n".join(figure(item.name, item.caption, columns) for item in paper.kit.items)
    return main | of_tasks | {"figures.tex": figures, "citation.bib": bibtex(paper.data)}


def _of_experiment(arguments: argparse.Namespace) -> _Paper:
    if arguments.tasks:
        raise SpurgenError("--tasks and --experiment exclude each other: an experiment has one task")
    summary = read_summary(arguments.experiment)
    sheets = [run_sheet(summary)]
    return _Paper(figure_kit(sheets), sheets, [], f"scenario SHA-256 {summary.scenario_sha256[:16]}")


def _of_board(arguments: argparse.Namespace, console: Console) -> _Paper:
    """Return what is written of the tasks that are named, by default the main ones, and of the suite's dose tasks."""
    suite = load_suite(arguments.suite)
    wanted = [suite.task(name).name for name in arguments.tasks or suite.main]
    rows = open_store(suite, arguments, console).rows()
    with console.status("comparing rows"):
        board = build_board(suite, arguments.results, rows)
    sheets = {name: sheet for name, sheet in board_sheets(suite, rows, board).items() if sheet.entries}
    shown = [sheets[name] for name in wanted if name in sheets]
    if not shown:
        raise SpurgenError(
            f"suite {suite.name} has no rows that can be ranked on {', '.join(wanted)}; run {spurgen('benchmark')}, or "
            "name the folder of rows by --results"
        )
    kit = figure_kit(shown)
    kit.left_out += [f"{name}: no rows" for name in wanted if name not in sheets]
    add_doses(kit, suite, sheets)
    names = {sheet.name for sheet in shown}
    means = [sheet for name, sheet in set_sheets(rows, board).items() if names >= set(suite.overall[name])]
    return _Paper(kit, shown, means, f"suite {suite.name}, manifest SHA-256 {board.manifest_sha256[:16]}")
