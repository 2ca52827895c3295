"""Write a task's inputs as files, for models that run elsewhere; `spurgen evaluate --answers` scores the answers."""

import argparse

from rich.console import Console

from spurgen.benchmark.packages import check_packages
from spurgen.benchmark.suite import load_suite
from spurgen.harness.machine.folders import check_out
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import add_out, add_seeds, add_suite
from spurgen.harness.options.verifying import verified


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    add_suite(parser)
    parser.add_argument("--task", required=True, metavar="TASK", help="name of a task")
    add_seeds(parser, None, "all worlds of the task")
    parser.add_argument(
        "--format", choices=("folder", "parquet"), default="folder",
        help="PNG files with questions.csv, or questions.parquet (needs pyarrow); default: folder",
    )  # fmt: skip
    add_out(parser, "folder to write, which must be free", required=True)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the questions, and what to do with them."""
    from spurgen.harness.questions.keys import parts_of  # imported late: loads libraries that train
    from spurgen.harness.questions.writing import write_questions

    if arguments.format == "parquet":
        check_packages(["pyarrow"], "--format parquet")
    suite = load_suite(arguments.suite)
    task = suite.task(arguments.task)
    seeds = arguments.seeds or range(task.scenario.worlds)
    tasks = list({(world := task.in_frozen_world(seed)).scenario.name: world for seed in seeds}.values())
    check_out(arguments.out)
    if not verified(suite, [world.scenario.name for world in tasks], console):
        return 1
    total = sum(part.size for world in tasks for part in parts_of(world))
    with samples_bar(console, total, "questions") as advance:
        count = write_questions(tasks, arguments.out, arguments.format, advance, suite=suite.spoken)
    say(console, f"wrote {count:,} questions to {arguments.out}; {arguments.out}/README.md says how to answer them")
    return 0
