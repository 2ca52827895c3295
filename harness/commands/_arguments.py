"""What commands ask of their flags, checked before any work."""

import argparse
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.text import Text

from spurgen.benchmark.suite import DEFAULT_SUITE
from spurgen.harness.results.store import OWN
from spurgen.harness.sandbox.bubblewrap import why_unavailable
from spurgen.harness.sandbox.launch import isolation_of
from spurgen.harness.sandbox.limits import DEFAULT, GIB, MIB, Isolation, Limits

ROOT_WARNING = "warning: you are root, so a submission that gets out of its isolation is too; run as another user"


def positive_int(text: str) -> int:
    """Reads an integer of 1 or more, for argparse."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {number}")
    return number


def add_suite(parser: argparse.ArgumentParser) -> None:
    """Declares the flag that names a suite."""
    parser.add_argument(
        "--suite",
        default=DEFAULT_SUITE,
        help=f"a suite's name, or the path of its .toml file; default: {DEFAULT_SUITE}",
    )


def add_results(parser: argparse.ArgumentParser) -> None:
    """Declare the flag that names the folder of a user's own results."""
    parser.add_argument(
        "--results", type=Path, default=OWN,
        help=f"folder of your own results, beside which those that come with spurgen count; default: {OWN}",
    )  # fmt: skip


def add_board_files(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that name the files of a leaderboard."""
    for flag, what in (("--markdown", "Markdown"), ("--csv", "CSV"), ("--json", "JSON")):
        parser.add_argument(flag, type=Path, metavar="FILE", help=f"write the leaderboard as {what}")


def positive(text: str) -> float:
    """Reads a finite number above 0, for argparse."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"must be above 0 and finite, not {text}")
    return number


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Declares the flags that say what a submission may use, and how far it is shut in."""
    group = parser.add_argument_group("what a submission may use, each worker of its own")
    group.add_argument(
        "--isolation", choices=get_args(Isolation), default=DEFAULT.isolation,
        help="auto: bubblewrap where it works, else a plain process; default: auto",
    )  # fmt: skip
    for flag, default, help_text in (
        ("--memory-gib", DEFAULT.memory_bytes / GIB, "address space, on a CPU"),
        ("--disk-gib", DEFAULT.disk_bytes / GIB, "scratch files"),
        ("--printed-mib", DEFAULT.printed_bytes / MIB, "output"),
        ("--cpu-hours", DEFAULT.cpu_seconds / 3600, "CPU time of all threads"),
        ("--fit-hours", DEFAULT.fit_seconds / 3600, "time for fit"),
        ("--answer-minutes", DEFAULT.answer_seconds / 60, "time for each other answer"),
        ("--life-hours", DEFAULT.life_seconds / 3600, "time for all that it does"),
        (
            "--retrain-seconds",
            DEFAULT.retrain_seconds,
            "who trains no longer, on a CPU, trains twice, to be asked again by a fresh process",
        ),
    ):
        group.add_argument(flag, type=positive, default=default, help=f"{help_text}; default: {default:g}")


def limits_of(arguments: argparse.Namespace) -> Limits:
    """Returns the limits that the flags of `add_limits` give."""
    return Limits(
        isolation=arguments.isolation,
        memory_bytes=int(arguments.memory_gib * GIB), disk_bytes=int(arguments.disk_gib * GIB),
        printed_bytes=int(arguments.printed_mib * MIB), cpu_seconds=math.ceil(arguments.cpu_hours * 3600),
        fit_seconds=arguments.fit_hours * 3600, answer_seconds=arguments.answer_minutes * 60,
        life_seconds=arguments.life_hours * 3600, retrain_seconds=arguments.retrain_seconds,
    )  # fmt: skip


def isolation_told(limits: Limits) -> Text:
    """Return how submissions are isolated here, why no better, and a warning to root; raise as `isolation_of` does."""
    isolation = isolation_of(limits)
    weaker = isolation == "process" and limits.isolation == "auto"
    message = Text(f"isolation: {isolation}" + (f"; {why_unavailable()}" if weaker else ""))
    if os.geteuid() == 0:
        message.append(f"\n{ROOT_WARNING}", style="yellow")
    return message


class Unique(argparse.Action):
    """Keeps the first of equal values of a flag that takes several."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:  # fmt: skip
        """Stores the values in the order given."""
        del parser, option_string
        setattr(namespace, self.dest, list(dict.fromkeys(values or ())))
