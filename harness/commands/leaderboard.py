"""Print the leaderboard from the rows alone, and write it to files; --merge first joins folders of rows."""

import argparse

from rich.console import Console

from spurgen.benchmark.suite import load_suite
from spurgen.harness.board.formats import overview_table, write_board
from spurgen.harness.board.leaderboard import build_board
from spurgen.harness.board.rows import is_baseline_row
from spurgen.harness.machine.files import matching
from spurgen.harness.machine.printing import say
from spurgen.harness.options import flags
from spurgen.harness.options.printing import add_page, around, print_board, print_first, renew
from spurgen.harness.results.identity import HOME
from spurgen.harness.results.store import merge_folders

BEGIN, END = "<!-- leaderboard: begin -->", "<!-- leaderboard: end -->"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    flags.add_suite(parser)
    flags.add_tasks(parser, "the means over the suite's first set of tasks alone")
    flags.add_results(parser)
    parser.add_argument(
        "--merge", nargs="+", action="extend", type=flags.results_folder, default=[], metavar="FOLDER",
        help="first merge these folders of results, such as one per machine, into --results",
    )  # fmt: skip
    flags.add_board_files(parser)
    add_page(parser, BEGIN, END)
    parser.add_argument("--all", action="store_true", help="print the boards of all tasks and sets of tasks")
    wide = "print all columns, in lines that may be longer than the terminal is wide"
    parser.add_argument("--wide", action="store_true", help=wide)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Merge the folders, print the tables and write the files that are named."""
    flags.check_board_files(arguments)
    suite = load_suite(arguments.suite)
    for name in arguments.tasks:
        suite.task(name)  # raises for one that does not exist
    if arguments.page:
        around(arguments.page, BEGIN, END)
    if arguments.merge:
        folders = list(dict.fromkeys(path for place in arguments.merge for path in matching(place)))
        merged = merge_folders(folders, arguments.results)
        say(console, f"merged into {arguments.results}: folders {len(folders)}, rows {merged}")
    rows = flags.open_store(suite, arguments, console).rows()
    if arguments.merge and not rows:
        say(console, f"no board: suite {suite.name} has no public rows yet")
        return 0
    if not rows:
        raise flags.no_rows(suite, arguments.results)
    files = arguments.markdown or arguments.csv or arguments.json or arguments.page
    first = next(iter(suite.overall.values()), suite.tasks)
    wanted = suite.tasks if files or arguments.all else arguments.tasks or first
    run = [name for name in suite.tasks if any(name in row for row in rows.values())]
    if not set(wanted) & set(run):
        wanted = run
    shown = {label: {name: row[name] for name in row if name in wanted} for label, row in rows.items()}
    with console.status("comparing rows"):
        board = build_board(suite, arguments.results, shown)
    written = write_board(board, markdown=arguments.markdown, csv=arguments.csv, json=arguments.json)
    if arguments.page:
        written.append(renew(arguments.page, BEGIN, END, overview_table(board, suite.main)))
    for line in written:
        say(console, line)
    examples = {path.stem for path in (HOME / "submissions").glob("*.py")}
    own = {label for label, row in rows.items() if not all(map(is_baseline_row, row.values()))} - examples
    if arguments.tasks or arguments.all or not board.tasks:
        print_board(board, arguments.tasks, own, wide=arguments.wide)
    else:
        print_first(board, own, wide=arguments.wide)
        say(console, f"other boards: --tasks {' '.join(run[:2])} ...; all {len(run) + len(board.overall)}: --all")
    return 0
