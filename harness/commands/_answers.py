"""Scoring answers to the questions of a task."""

import argparse
import re
import sys
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.benchmark.result import ANSWERS_ONLY
from spurgen.benchmark.specs import BASELINES
from spurgen.benchmark.suite import load_suite
from spurgen.harness.machine.files import STDOUT, write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.options.flags import add_results, add_suite, open_store
from spurgen.harness.options.verifying import verified

NAME = r"[A-Za-z0-9][\w.=+-]{0,63}"


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of answers to questions."""
    group = parser.add_argument_group("answers to the questions of a task (spurgen questions)")
    group.add_argument(
        "--answers", type=Path, nargs="+", metavar="FILE", help="CSV or Parquet: key, and logit_0, ... or prediction"
    )
    add_suite(group)
    group.add_argument("--task", metavar="TASK", help="name of the task")
    group.add_argument("--row", metavar="NAME", help="store the results as a row of that name, marked as answers only")
    group.add_argument(
        "--access", choices=tuple(ACCESS), default="none", help="what the model's training used; default: none"
    )
    add_results(group)


def run_answers(arguments: argparse.Namespace, console: Console) -> int:
    """Print the metrics of answers, beside the suite's rows; store them if they are given a name."""
    if arguments.task is None:
        raise SpurgenError("name the task whose questions were answered by --task")
    from spurgen.harness.board.files import build_board  # imported late: these load libraries that train
    from spurgen.harness.board.verdict import verdict
    from spurgen.harness.questions.answers import not_stored, read_answers, results_of
    from spurgen.harness.questions.report import tables, to_json
    from spurgen.harness.results.merging import merge_rows
    from spurgen.harness.results.rows import make_task_row

    suite = load_suite(arguments.suite)
    task = suite.task(arguments.task)
    name = arguments.row or "answers"
    _check_name(name)
    store = open_store(suite, arguments, console)
    rows = store.rows()
    if arguments.row in rows and any(part.results[0].verification != ANSWERS_ONLY for part in rows[name].values()):
        raise SpurgenError(f"the row {name} is of a submission; name another --row")
    answered = read_answers(arguments.answers, task)
    worlds = {task.in_world(seed).scenario.name for seed in answered}
    if not verified(suite, worlds, console):
        return 1
    files = ", ".join(map(str, arguments.answers))
    results = results_of(suite, task, answered, name, arguments.access, files)
    row = rows.get(name, {}) if arguments.row else {}
    new = not_stored(results, row, task)
    if new:
        rows = {**rows, name: merge_rows(name, row, {task.name: make_task_row(new)})}
    board = build_board(suite, arguments.results, rows)
    said = verdict(suite, board, name, rows, {task.name}, "" if arguments.row else None)
    piped = arguments.json == STDOUT
    print(*said, sep="\n", file=sys.stderr if piped else sys.stdout)
    part, ranked = rows[name][task.name], board.tasks[task.name]
    shown = next((row for row in [*ranked.rows, *ranked.few] if row.submission == name), None)
    printed = Console(soft_wrap=False, stderr=piped)
    for table in tables(part, shown):
        printed.print()
        printed.print(table)
    if piped:
        print(to_json(suite, task, part, said), end="")
    elif arguments.json:
        write_atomically(arguments.json, to_json(suite, task, part, said))
        say(console, f"wrote {arguments.json}")
    if arguments.row:
        for result, samples in new:
            store.add(name, result, samples)
        stored = f"stored as row {name}" if new else f"these answers were stored before, as row {name}"
        say(console, f"{stored} in {store.folder}: answers only, no consistency check was possible")
    else:
        say(console, f"nothing was stored; --row NAME makes it a row of suite {suite.name}")
    return 0


def _check_name(name: str) -> None:
    if not re.fullmatch(NAME, name):
        raise SpurgenError(
            f"--row {name!r}: expected letters, digits and . _ = + -, at most 64, a letter or digit first"
        )
    if name in names_in(BASELINES):
        raise SpurgenError(f"--row {name}: that is a baseline's name; choose another")
