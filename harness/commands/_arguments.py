"""The flags that several commands share, checked before any work."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from spurgen.benchmark.errors import shortened
from spurgen.benchmark.suite import DEFAULT_SUITE
from spurgen.harness.results.store import OWN

MOST = 10_000  # jobs at a time, seeds, trials: more is a slip


def positive_int(text: str) -> int:
    """Read an integer from 1 to 10,000, for argparse."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{shortened(text)} is not a whole number") from None
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"must be 1 to {MOST:,}, not {shortened(number)}")
    return number


def between(least: float, most: float) -> Callable[[str], float]:
    """Return a function that reads a number from `least` to `most`, for argparse."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{shortened(text)} is not a number") from None
        if not least <= value <= most:  # nor is NaN
            raise argparse.ArgumentTypeError(f"must be {least:g} to {most:,.0f}, not {shortened(text)}")
        return value

    return number


class Unique(argparse.Action):
    """A flag with several values, of which equal ones count once."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        """Store the values in the order of the command line."""
        del parser, option_string
        setattr(namespace, self.dest, list(dict.fromkeys(values or ())))


def add_submission(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names a submission."""
    parser.add_argument("submission", help="path/to/file.py, package.module, package.module:attribute, or a baseline")


def add_suite(parser: argparse.ArgumentParser) -> None:
    """Declare the flag that names a suite."""
    parser.add_argument(
        "--suite",
        default=DEFAULT_SUITE,
        help=f"a suite's name, or the path of its .toml file; default: {DEFAULT_SUITE}",
    )


def add_tasks(parser: argparse.ArgumentParser, default: str = "all of the suite") -> None:
    """Declare the flag that names tasks."""
    parser.add_argument("--tasks", "--task", nargs="+", action=Unique, default=[], help=f"default: {default}")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Declare the flag that names the device."""
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (cuda if there is a GPU)")


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Declare the flag that says how many jobs run at a time."""
    parser.add_argument("--jobs", type=positive_int, help="jobs at a time; default: one per core, one on cuda")


def processes_of(arguments: argparse.Namespace, device: str) -> int | None:
    """Return how many jobs run at a time by the flag of `add_jobs`; None: one per core."""
    jobs: int | None = arguments.jobs
    return jobs or (None if device == "cpu" else 1)


def add_results(parser: argparse.ArgumentParser) -> None:
    """Declare the flag that names the folder of a user's own results."""
    parser.add_argument(
        "--results", type=Path, default=OWN,
        help=f"folder of your own results; those that come with spurgen count as well; default: {OWN}",
    )  # fmt: skip


def add_board_files(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that name the files of a leaderboard."""
    for flag, what in (("--markdown", "Markdown"), ("--csv", "CSV"), ("--json", "JSON")):
        parser.add_argument(flag, type=Path, metavar="FILE", help=f"write the leaderboard as {what}")
