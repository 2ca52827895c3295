"""The flags that set the limits and the isolation of a submission."""

import argparse
import math
import os
from pathlib import Path
from typing import get_args

from rich.text import Text

from spurgen.harness.machine.files import cache_folder
from spurgen.harness.options.flags import between
from spurgen.harness.sandbox.bubblewrap import why_unavailable
from spurgen.harness.sandbox.launch import isolation_of
from spurgen.harness.sandbox.limits import DEFAULT, GIB, MIB, Isolation, Limits

ROOT_WARNING = "warning: you are root, and so would be a submission that breaks out of its sandbox; run as another user"
FLAGS = (
    ("--memory-gib", DEFAULT.memory_bytes / GIB, (1, 1e6), "address space, on a CPU"),
    ("--disk-gib", DEFAULT.disk_bytes / GIB, (0.001, 1e6), "scratch files"),
    ("--printed-mib", DEFAULT.printed_bytes / MIB, (0.001, 1e6), "output"),
    ("--cpu-hours", DEFAULT.cpu_seconds / 3600, (0.001, 1e5), "CPU time of all threads"),
    ("--fit-hours", DEFAULT.fit_seconds / 3600, (0.001, 1e5), "time for fit"),
    ("--answer-minutes", DEFAULT.answer_seconds / 60, (0.01, 1e6), "time for each other call"),
    ("--life-hours", DEFAULT.life_seconds / 3600, (0.001, 1e5), "time for all calls together"),
    ("--retrain-seconds", DEFAULT.retrain_seconds, (0.001, 1e6), "CPU time of fit up to which a submission is trained "
     "again, in a second process whose predictions must agree; not on a GPU"),
)  # fmt: skip
"""Flags, their defaults, the least and the most that each takes, and what each limits."""


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that limit what a submission may use, and isolate it."""
    group = parser.add_argument_group("limits of a submission, for each of its processes")
    group.add_argument(
        "--isolation", choices=get_args(Isolation), default=DEFAULT.isolation,
        help="auto: bubblewrap where it works, else a plain process; default: auto",
    )  # fmt: skip
    for flag, default, (least, most), what in FLAGS:
        group.add_argument(
            flag, type=between(least, most), default=default, metavar="N", help=f"{what}; default: {default:g}"
        )


def limits_of(arguments: argparse.Namespace) -> Limits:
    """Return the limits that the flags of `add_limits` set, and the share of a GPU that `--gpus-per-job` gives."""
    gpus = getattr(arguments, "gpus_per_job", None) or 1.0
    return Limits(
        isolation=arguments.isolation,
        memory_bytes=int(arguments.memory_gib * GIB), disk_bytes=int(arguments.disk_gib * GIB),
        printed_bytes=int(arguments.printed_mib * MIB), cpu_seconds=math.ceil(arguments.cpu_hours * 3600),
        fit_seconds=arguments.fit_hours * 3600, answer_seconds=arguments.answer_minutes * 60,
        life_seconds=arguments.life_hours * 3600, retrain_seconds=arguments.retrain_seconds,
        gpu_share=min(gpus, 1.0),
    )  # fmt: skip


def describe_isolation(limits: Limits) -> Text:
    """Return how submissions are isolated here, and why not better; raise as `isolation_of` does.

    Root is warned the first time; a note in the cache remembers it.
    """
    isolation = isolation_of(limits)
    weaker = isolation == "process" and limits.isolation == "auto"
    message = Text(f"isolation: {isolation}" + (f"; {why_unavailable()}" if weaker else ""))
    if os.geteuid() == 0 and _first_time(cache_folder() / "root-was-warned"):
        message.append(f"\n{ROOT_WARNING}", style="yellow")
    return message


def _first_time(note: Path) -> bool:
    """Return whether a note is not there yet, and write it; one that cannot be written is never there."""
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch(exist_ok=False)
    except FileExistsError:
        return not note.is_file()
    except OSError:
        return True
    return True
