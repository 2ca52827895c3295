"""Write the figures and tables of a paper from the leaderboard's rows, or from an experiment; runs no model."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import BASELINES, names_in
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suggest import one_of
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.board.columns import column
from spurgen.harness.board.formats import HEADLINE, board_latex, latex_figure, lines_latex
from spurgen.harness.board.leaderboard import build_board
from spurgen.harness.board.rows import paper_names
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.experiments.report import read_run, run_blocks
from spurgen.harness.machine.files import check_writable, write_atomically
from spurgen.harness.machine.printing import as_markdown, say
from spurgen.harness.machine.provenance import bibtex
from spurgen.harness.options.flags import Unique, add_out, add_results, add_suite, add_tasks, open_store
from spurgen.harness.plots.forest import Drawn, Item, boards_drawn, figures
from spurgen.harness.plots.ladder import ladder_items, ladders_drawn
from spurgen.harness.plots.needed import draw_needed
from spurgen.harness.plots.style import FORMATS, Columns, encode
from spurgen.harness.results.rows import Rows
from spurgen.harness.site.material import Material, learners
from spurgen.harness.site.scenes import Scenes, find_story

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
    parser.add_argument(
        "--rows", nargs="+", action=Unique, default=[], metavar="ROW",
        help="the rows of tables and figures, all in the curves; default: a method of each family ("
        f"{', '.join(HEADLINE)}), and every row that is no baseline",
    )  # fmt: skip


PREAMBLE = r"""% \usepackage{graphicx}; from a document in another folder also \graphicspath{{path/to/this/folder/}}

"""


def _about() -> str:
    """Return a sentence on the metric that ranks the rows of a board."""
    ranked_by = column("robust_accuracy")
    return f"{ranked_by.title}: {ranked_by.about.partition(';')[0]}; 95 % intervals."


class _Paper(NamedTuple):
    """The output: figures, LaTeX tables by name, and the BibTeX entry's text about the data."""

    items: Sequence[Item]
    tables: Mapping[str, str]
    data: str


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the figures with their captions, and the LaTeX files if they are asked for."""
    check_writable(arguments.out, "--out")
    paper = _of_experiment(arguments) if arguments.experiment else _of_board(arguments, console)
    for item in paper.items:
        drawn = item.draw()
        for kind in arguments.format:
            write_atomically(arguments.out / f"{item.name}.{kind}", encode(drawn, kind))
    texts = {
        CAPTIONS: "\n\n".join(f"**{as_markdown(item.name)}**: {as_markdown(item.caption)}" for item in paper.items)
        + "\n"
    }
    texts |= _latex(paper, arguments.columns) if arguments.latex else {}
    for name, text in texts.items():
        write_atomically(arguments.out / name, text)
    say(console, f"wrote {len(paper.items)} figures, {', '.join(texts)} to {arguments.out}")
    return 0


def _latex(paper: _Paper, columns: Columns) -> dict[str, str]:
    """Return the LaTeX files by name: tables, the environments of the figures, and the BibTeX entry."""
    tables = {f"table-{name}.tex": text for name, text in paper.tables.items()}
    environments = PREAMBLE + "\n".join(latex_figure(item.name, item.caption, columns) for item in paper.items)
    return tables | {"figures.tex": environments, "citation.bib": bibtex(paper.data)}


def _of_experiment(arguments: argparse.Namespace) -> _Paper:
    if arguments.tasks:
        raise SpurgenError("--tasks and --experiment exclude each other: an experiment has one task")
    run = read_run(arguments.experiment)
    table = lines_latex(run_blocks(run.lines), run.name, f"Results of {run.name}. {_about()}", arguments.columns)
    items = figures([Drawn(run.name, run.lines, run.ideal)], run.names, arguments.columns)
    return _Paper(items, {run.name: table}, f"scenario SHA-256 {run.scenario_sha256[:16]}")


def _of_board(arguments: argparse.Namespace, console: Console) -> _Paper:
    """Return what is written of the tasks that are named, by default the main ones."""
    suite = load_suite(arguments.suite)
    wanted = [suite.task(name).name for name in arguments.tasks or suite.main]
    rows = open_store(suite, arguments, console).rows()
    with console.status("comparing rows"):
        board = build_board(suite, arguments.results, rows)
    shown = [name for name in wanted if name in board.tasks and board.tasks[name].shown]
    if not shown:
        raise SpurgenError(
            f"suite {suite.name} has no rows that can be ranked on {', '.join(wanted)}; run {spurgen('benchmark')}, or "
            "name the folder of rows by --results"
        )
    for name in wanted:
        if name not in shown:
            say(console, f"left out: {name}: no rows")
    sets = [name for name, part in board.overall.items() if set(part.tasks) <= set(shown) and part.shown]
    for label in arguments.rows:
        one_of("row", label, rows)
    names, labels = paper_names(rows), arguments.rows or {*HEADLINE, *(rows.keys() - {*names_in(BASELINES)})}
    climbed = [ladder for ladder in ladders_drawn(suite, board) if ladder.name in sets]
    alone = [name for name in shown if not ((rung := suite.task(name)).of and rung.of in sets)]
    items = ladder_items(climbed, names, arguments.columns)
    drawn = boards_drawn(suite, rows, board, [*alone, *sets], labels)
    items += figures([*drawn.values()], names, arguments.columns)
    items += [] if arguments.tasks else [*_of_suite(suite, rows, board, names, arguments)]
    of_tasks = [(name, f"on {name}", board.tasks[name]) for name in alone]
    of_sets = [(f"mean-{n}", f"as means over {', '.join(p.tasks)}", p) for n, p in board.overall.items() if n in sets]
    tables = {
        title: board_latex(part, title, f"Results {where}. {_about()}", arguments.columns, labels)
        for title, where, part in (*of_tasks, *of_sets)
    }
    return _Paper(items, tables, f"suite {suite.name}, manifest SHA-256 {board.manifest_sha256[:16]}")


def _of_suite(
    suite: Suite, rows: Rows, board: Leaderboard, names: Mapping[str, str], arguments: argparse.Namespace
) -> Iterator[Item]:
    """Yield the figures besides those of main tasks: all learners, and the site's example."""
    everything = learners(suite, board, names, arguments.results)
    caption = (
        "Counterexamples needed by methods, encoders and language models, each beside the ideal observer. Numbers of "
        "different panels do not compare."
    )
    if everything:
        yield Item("everything", caption, partial(draw_needed, everything, arguments.columns))
    story = find_story(Material(suite, rows, board), Scenes())
    if story:
        caption = (
            f"A test scene and its twin, in which only {story.twins.changed} changes, with the answers of "
            f"{names.get(story.label, story.label)}. {story.extreme} Shares are of answers to such twins, and to all."
        )
        yield Item("twins", caption, partial(story.figure, names))
