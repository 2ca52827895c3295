"""The flags that several commands share, checked before any work."""

import argparse
import os
import re
import shlex
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from spurgen.benchmark.errors import ScenarioError, SpurgenError, shortened
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import DEFAULT_SUITE, Suite, load_suite
from spurgen.benchmark.world import Description, load_scenario
from spurgen.harness.machine.files import check_distinct
from spurgen.harness.machine.printing import say
from spurgen.harness.results.store import OWN, Store
from spurgen.harness.running.job import Seeds

MAX_SEEDS = 128  # sums over more seeds would be rounded: see `round_samples`
MOST = 10_000  # jobs at a time, trials: more is a slip
N = TypeVar("N", int, float)


def _within(read: Callable[[str], N], kind: str, least: N, most: N) -> Callable[[str], N]:
    def number(text: str) -> N:
        try:
            value = read(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{shortened(text)} is not a {kind}") from None
        if not least <= value <= most:  # also refuses NaN
            raise argparse.ArgumentTypeError(f"must be {least:g} to {most:,.10g}, not {shortened(value)}")
        return value

    return number


def up_to(most: int, least: int = 1) -> Callable[[str], int]:
    """Return a function that reads an integer from `least` to `most`, for argparse."""
    return _within(int, "whole number", least, most)


def between(least: float, most: float) -> Callable[[str], float]:
    """Return a function that reads a number from `least` to `most`, for argparse."""
    return _within(float, "number", least, most)


positive_int = up_to(MOST)


def read_seeds(text: str) -> Seeds:
    """Read `3`, `0-4` or `0,2,4`, for argparse; at most `MAX_SEEDS`."""
    seeds: set[int] = set()
    for part in text.split(","):
        bounds = re.fullmatch(r" *(\d{1,9})(?:-(\d{1,9}))? *", part)
        chosen = range(int(bounds[1]), int(bounds[2] or bounds[1]) + 1) if bounds else range(0)
        if not chosen:
            raise argparse.ArgumentTypeError(f"{text!r} names no seeds; write 3 for that seed, or 0-4, or 0,2,4")
        seeds |= {*chosen[: MAX_SEEDS + 1]}
    if len(seeds) > MAX_SEEDS:
        raise argparse.ArgumentTypeError(f"{text} names more than {MAX_SEEDS} seeds")
    return Seeds(sorted(seeds))


Flags = argparse.ArgumentParser | argparse._ArgumentGroup
"""A parser, or a group of flags that its help shows together."""


def refuse(
    arguments: argparse.Namespace, declare: Callable[[argparse.ArgumentParser], None], why: str,
    heeded: Container[str] = (),
) -> None:  # fmt: skip
    """Raise `SpurgenError` for a flag that has no effect: one that a function declares, was given and is not `heeded`.

    `why`: the reason, such as another flag. `heeded`: attributes of `arguments`.
    """
    parser = argparse.ArgumentParser(add_help=False)
    declare(parser)
    for action in parser._actions:
        if action.dest not in heeded and getattr(arguments, action.dest) != parser.get_default(action.dest):
            name = action.option_strings[0] if action.option_strings else action.metavar or action.dest
            raise SpurgenError(f"{name} has no effect {why}; leave it out")


def command_line(command: Sequence[str], values: Mapping[str, object]) -> str:
    """Return a command line with a flag per value; None, False and empty values have none."""
    words = ["spurgen", *command]
    for name, value in values.items():
        if value is not None and value is not False and value not in ([], ""):
            words.append(f"--{name.replace('_', '-')}")
            words += [] if value is True else map(str, value if isinstance(value, list) else [value])
    return shlex.join(words)


class Unique(argparse.Action):
    """A flag with several values, of which equal ones count once."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        """Store the values in the order of the command line."""
        del parser, option_string
        setattr(namespace, self.dest, list(dict.fromkeys(values or ())))


def device_of_gpu(text: str) -> str:
    """Return the device of a GPU's number, for argparse; -1 is the CPU."""
    if not re.fullmatch(r"-1|\d{1,3}", text):
        raise argparse.ArgumentTypeError(
            f"{shortened(text)} is not the number of a GPU; write -1 for the CPU, 0 for the first GPU"
        )
    return "cpu" if text == "-1" else f"cuda:{int(text)}"


def add_submission(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names a submission."""
    parser.add_argument("submission", help="path/to/file.py, package.module, package.module:attribute, or a baseline")


def add_suite(parser: Flags) -> None:
    """Declare the flag that names a suite."""
    what = f"a suite's name, or the path of its .toml file; default: {DEFAULT_SUITE}"
    parser.add_argument("--suite", default=DEFAULT_SUITE, metavar="SUITE", help=what)


def add_tasks(parser: argparse.ArgumentParser, default: str = "all of the suite") -> None:
    """Declare the flag that names tasks."""
    parser.add_argument(
        "--tasks", "--task", dest="tasks", nargs="+", action=Unique, default=[], metavar="TASK",
        help=f"names of tasks, or of ladders for all their rungs; default: {default}",
    )  # fmt: skip


def with_rungs(arguments: argparse.Namespace) -> None:
    """Replace the ladders among a command's tasks by their rungs."""
    ladders = load_suite(arguments.suite).ladders
    each = ([rung.name for rung in ladders[name]] if name in ladders else [name] for name in arguments.tasks)
    arguments.tasks = list(dict.fromkeys(name for names in each for name in names))


def add_seeds(parser: argparse.ArgumentParser, default: str | None, what: str = "") -> None:
    """Declare the flag that names training seeds; `what` replaces the default in the help."""
    parser.add_argument(
        "--seeds", type=read_seeds, default=default, metavar="SEEDS",
        help=f"training seeds: 3 is that seed alone, 0-4 a range, 0,2,4 a list; default: {what or default}",
    )  # fmt: skip


def read_share(text: str) -> tuple[int, int]:
    """Read the number of a share and how many there are, for argparse."""
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{shortened(text)} is no share; write 1/4 for the second of four, 0/4 to 3/4")
    return int(match[1]), int(match[2])


def add_world(parser: argparse.ArgumentParser) -> None:
    """Declare the flag that names a world of a scenario file."""
    what = "world of a scenario file that describes several; default: 0"
    parser.add_argument("--world", type=up_to(MOST, least=0), metavar="N", help=what)


def read_world_of(arguments: argparse.Namespace) -> Description | None:
    """Return the world of the file that the flags name; None if they name no file.

    Raise `ScenarioError` if they name a world that the file, or no file, cannot have.
    """
    if arguments.scenario is None:
        if arguments.world is not None:
            raise ScenarioError(f"--world {arguments.world} is a world of a scenario file; give one, or leave it out")
        return None
    scenario = load_scenario(arguments.scenario)
    if arguments.world and scenario.worlds == 1:
        raise ScenarioError(f"--world {arguments.world}: {arguments.scenario} describes one world; leave it out")
    return scenario.in_world(arguments.world or 0)


def add_device(parser: Flags) -> None:
    """Declare the flag that names the device."""
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (cuda if there is a GPU); default: auto")


def add_jobs(parser: Flags, what: str = "jobs at a time; default: one per core, one per GPU on cuda") -> None:
    """Declare the flag that sets how many jobs, or processes of other work, run at a time."""
    parser.add_argument("--jobs", type=positive_int, metavar="N", help=what)


def results_folder(text: str) -> Path:
    """Read the path of a folder, which need not exist yet, for argparse."""
    if "://" in text:
        raise argparse.ArgumentTypeError(f"{text} is a URL; name a folder on this machine")
    path = Path(text)
    if os.path.lexists(path) and not os.path.isdir(path):
        raise argparse.ArgumentTypeError(f"{path} is not a folder; name a folder, or a path that is free")
    return path


def add_results(parser: Flags) -> None:
    """Declare the flag that names the folder of a user's own rows."""
    parser.add_argument(
        "--results", type=results_folder, default=OWN, metavar="FOLDER",
        help=f"folder of your own rows, to read and write; those that come with spurgen count as well; default: {OWN}",
    )  # fmt: skip


def no_rows(suite: Suite, results: Path) -> SpurgenError:
    """Return the error for a folder without rows of a suite."""
    run = spurgen("benchmark")
    return SpurgenError(
        f"{results} has no rows of suite {suite.name}; run {run}, or name the folder of rows by --results"
    )


def open_store(suite: Suite, arguments: argparse.Namespace, console: Console) -> Store:
    """Return a suite's rows; print which of a user's own are used instead of rows that come with spurgen."""
    store = Store(arguments.results, suite.name)
    labels = store.overriding()
    if labels:
        names = ", ".join(labels)
        say(console, f"{store.folder}: used instead of the rows of that name that come with spurgen: {names}")
    return store


def add_out(parser: argparse.ArgumentParser, what: str, default: Path | None = None, *, required: bool = False) -> None:
    """Declare the flag that names where a command writes its own output, such as a report: never rows or splits."""
    shown = f"{what}; default: {default}" if default else what
    parser.add_argument("--out", type=Path, default=default, required=required, metavar="PATH", help=shown)


def add_board_files(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that name the files of a leaderboard."""
    for flag, what in (("--markdown", "Markdown"), ("--csv", "CSV"), ("--json", "JSON")):
        parser.add_argument(flag, type=Path, metavar="FILE", help=f"write the leaderboard as {what}")


def check_board_files(arguments: argparse.Namespace) -> None:
    """Raise `SpurgenError` before any work if two files of a leaderboard are the same."""
    flags = ("markdown", "csv", "json", "page")
    check_distinct({f"--{flag}": getattr(arguments, flag, None) for flag in flags})
