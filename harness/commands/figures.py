"""Write the figures of a paper from the leaderboard's rows, or from an experiment; runs no model."""

import argparse
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.files import build_board
from spurgen.harness.commands._arguments import Unique, add_out, add_results, add_suite, add_tasks, open_store
from spurgen.harness.figures.from_board import board_sheets
from spurgen.harness.figures.from_run import read_summary, run_sheet
from spurgen.harness.figures.kit import Kit, add_doses, figure_kit
from spurgen.harness.figures.style import FORMATS, encode
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.printing import say

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


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the figures and their captions."""
    check_writable(arguments.out, "--out")
    kit = _kit_of_run(arguments) if arguments.experiment else _kit_of_board(arguments, console)
    for item in kit.items:
        figure = item.draw(arguments.columns)
        for kind in arguments.format:
            write_atomically(arguments.out / f"{item.name}.{kind}", encode(figure, kind))
    write_atomically(arguments.out / CAPTIONS, captions_text(kit))
    for sentence in kit.left_out:
        say(console, f"left out: {sentence}")
    say(console, f"wrote {len(kit.items)} figures and {CAPTIONS} to {arguments.out}")
    return 0


def captions_text(kit: Kit) -> str:
    """Return the captions as Markdown, a paragraph per figure."""
    return "\n\n".join(f"**{item.name}**: {item.caption}" for item in kit.items) + "\n"


def _kit_of_run(arguments: argparse.Namespace) -> Kit:
    if arguments.tasks:
        raise SpurgenError("--tasks and --experiment exclude each other: an experiment has one task")
    return figure_kit([run_sheet(read_summary(arguments.experiment))])


def _kit_of_board(arguments: argparse.Namespace, console: Console) -> Kit:
    """Return the figures of the tasks that are named, by default the main ones, and of the suite's dose tasks."""
    suite = load_suite(arguments.suite)
    wanted = [suite.task(name).name for name in arguments.tasks or suite.main]
    rows = open_store(suite, arguments, console).rows()
    with console.status("comparing rows"):
        board = build_board(suite, arguments.results, rows)
    sheets = {name: sheet for name, sheet in board_sheets(suite, rows, board).items() if sheet.entries}
    shown = [sheets[name] for name in wanted if name in sheets]
    if not shown:
        raise SpurgenError(
            f"suite {suite.name} has no rows that can be ranked on {', '.join(wanted)}; run spurgen benchmark, or name "
            "the folder of rows by --results"
        )
    kit = figure_kit(shown)
    kit.left_out += [f"{name}: no rows" for name in wanted if name not in sheets]
    add_doses(kit, suite, sheets)
    return kit
