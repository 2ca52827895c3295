"""Print what makes ladders like real data, or unlike: figures of a suite's ladders, and of your own."""

import argparse

from rich.console import Console

from spurgen.benchmark.shell import TRAIN, check_packages
from spurgen.benchmark.suite import load_suite
from spurgen.harness.machine.files import cache_folder
from spurgen.harness.machine.printing import as_markdown, markdown_table, say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.options.flags import add_jobs, add_seeds, add_suite


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "scenarios", nargs="*", default=[], metavar="scenario",
        help="scenario files of ladders, such as EXPERIMENT_ladder.toml of spurgen run --metadata",
    )  # fmt: skip
    add_suite(parser)
    parser.add_argument(
        "--ladders", nargs="+", default=[], metavar="LADDER",
        help="ladders of the suite; default: the main ones, or none where scenario files are named",
    )  # fmt: skip
    add_seeds(parser, None, "the worlds 100-104, which no suite ranks; of your own data, all draws")
    add_jobs(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Train what was not trained before, and print a line for each ladder."""
    check_packages((*TRAIN, "sklearn"), "spurgen fingerprint", "train")
    from spurgen.harness.experiments.curves import (
        lowest,
        measure,
        unencoded,
    )  # imported late: torch is slow to import
    from spurgen.harness.options.submissions import encode
    from spurgen.harness.validity.fingerprint import check_ladder, fingerprint, probe, runs_of, worlds_of

    names = [*arguments.scenarios, *arguments.ladders]
    if not names:
        suite = load_suite(arguments.suite)
        names = list(dict.fromkeys(task.of for task in suite.main.values() if task.of))
    ladders = {name: lowest(arguments.suite, name) for name in names}
    for task in ladders.values():
        check_ladder(task)
    worlds = {name: worlds_of(task.scenario, arguments.seeds) for name, task in ladders.items()}
    runs = {name: runs_of(task, arguments.suite, name, worlds[name]) for name, task in ladders.items()}
    every = [run for kinds in runs.values() for each in kinds.values() for run in each]
    encode(unencoded(every), console, arguments.jobs)
    with samples_bar(console, len(every), "trained") as advance:
        known = measure(every, cache_folder() / "ladders.json", arguments.jobs, lambda _: advance(1))
    lines = []
    for name, task in ladders.items():
        curves = {kind: [known[run] for run in each] for kind, each in runs[name].items()}
        found = fingerprint(curves, task.scenario.ceiling, probe(task, worlds[name]))
        lines.append({"Ladder": as_markdown(name), **found.cells})
    print(markdown_table(lines))
    say(console, "Brackets: 95 % intervals over worlds; numbers of counterexamples have one from five worlds on.")
    return 0
