"""The flags of jobs: limits and isolation of a submission, where jobs run, and whether they may start."""

import argparse
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.text import Text

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.harness.machine.files import cache_folder
from spurgen.harness.machine.pool import ANYWHERE, Resources, cores
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.provenance import check_device_name, pick_device, visible_gpus
from spurgen.harness.options.flags import between, positive_int
from spurgen.harness.running.executing import EXECUTORS, heeded, read_cluster
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import Forecast, Seconds
from spurgen.harness.sandbox.bubblewrap import why_unavailable
from spurgen.harness.sandbox.launch import isolation_of
from spurgen.harness.sandbox.limits import DEFAULT, GIB, MIB, Isolation, Limits

ROOT_WARNING = "warning: you are root, and so would be a submission that breaks out of its sandbox; run as another user"
LIMITS = (
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
    for flag, default, (least, most), what in LIMITS:
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


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of a cluster."""
    group = parser.add_argument_group("where jobs run: see docs/scaling.md")
    group.add_argument(
        "--cluster", type=_cluster, default=(ANYWHERE.executor, ""), metavar="NAME[://ADDRESS]",
        help="local (default), serial (in this process), ray, ray://HOST:PORT, slurm or slurm://PARTITION",
    )  # fmt: skip
    group.add_argument(
        "--gpus-per-job", type=_gpus, metavar="N",
        help="a fraction shares a GPU; default: 1 on cuda, else 0",
    )  # fmt: skip
    group.add_argument(
        "--memory-per-job", type=between(0.01, 1e5), metavar="GIB",
        help="main memory that a cluster reserves; default: the cluster's own",
    )  # fmt: skip
    group.add_argument(
        "--minutes-per-job", type=positive_int, metavar="N",
        help=f"wall time that SLURM grants; default: {ANYWHERE.minutes}",
    )  # fmt: skip
    group.add_argument(
        "--retries", type=positive_int, metavar="N",
        help=f"how often a cluster starts a job again that was lost; default: {ANYWHERE.retries}",
    )  # fmt: skip


RESOURCES = {
    "gpus": "gpus_per_job", "memory_gib": "memory_per_job", "minutes": "minutes_per_job", "retries": "retries",
}  # fmt: skip
"""Fields of `Resources` that a flag sets, and the flags' names in the arguments."""


def check_cluster(arguments: argparse.Namespace) -> None:
    """Raise `SpurgenError` for an address or a flag that the chosen executor ignores."""
    executor, address = arguments.cluster
    if address and "address" not in heeded(executor):
        raise SpurgenError(f"--cluster {executor}://{address}: {executor} has no address; leave ://{address} out")
    for field, flag in RESOURCES.items():
        if getattr(arguments, flag) is not None and field not in heeded(executor):
            others = [name for name in names_in(EXECUTORS) if field in heeded(name)]
            raise SpurgenError(
                f"--{flag.replace('_', '-')} has no effect with --cluster {executor}, only with {' or '.join(others)}; "
                "leave it out"
            )


def on_cluster(arguments: argparse.Namespace) -> bool:
    """Return whether the flags of a command choose another executor than this machine."""
    return "cluster" in arguments and arguments.cluster[0] not in ("local", "serial")


def device_of(arguments: argparse.Namespace) -> str:
    """Return the device of jobs: one of this machine, or on a cluster the given one, which this machine may lack.

    `auto` is cuda on a cluster where jobs are given GPUs.
    """
    if not on_cluster(arguments):
        return pick_device(arguments.device)
    if arguments.device == "auto":
        return "cuda" if arguments.gpus_per_job else pick_device("auto")
    check_device_name(arguments.device)
    return str(arguments.device)


def resources_of(arguments: argparse.Namespace, device: str) -> Resources:
    """Return the resources that the flags of `add_jobs` and, if the command has them, of `add_cluster` set.

    Raise `SpurgenError` if a job is to have more GPUs than there are for it on this machine.
    """
    default = 0.0 if device == "cpu" else 1.0
    if "cluster" not in arguments:
        return Resources(arguments.jobs, gpus=default, visible=visible_gpus(device))
    executor, address = arguments.cluster
    visible: tuple[str, ...] = ()
    if executor == ANYWHERE.executor:
        visible = visible_gpus(device)
        _check_gpus(arguments.gpus_per_job or 0, device, len(visible) or 1)
    given = {field: getattr(arguments, flag) for field, flag in RESOURCES.items()}
    chosen = {field: value for field, value in given.items() if value is not None}
    return Resources(
        at_once=arguments.jobs, executor=executor, address=address, folder=arguments.results, visible=visible,
        **{"gpus": default} | chosen,
    )  # fmt: skip


def _check_gpus(wanted: float, device: str, there: int) -> None:
    if wanted and device == "cpu":
        raise SpurgenError(f"--gpus-per-job {wanted:g}: the jobs run on a CPU; leave it out, or choose --device cuda")
    if wanted > there:
        raise SpurgenError(f"--gpus-per-job {wanted:g}: --device {device} names {there} on this machine; ask for less")


def _gpus(text: str) -> float:
    count = between(0, 64)(text)
    if count > 1 and count != int(count):
        raise argparse.ArgumentTypeError(f"must be a fraction of a GPU or a whole number of them, not {text}")
    return count


def _cluster(text: str) -> tuple[str, str]:
    try:
        return read_cluster(text)
    except SpurgenError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Declare the flag that only shows the jobs."""
    parser.add_argument("--dry-run", action="store_true", help="show the jobs to run and their time; run none")


def add_yes(parser: argparse.ArgumentParser, choices: str) -> None:
    """Declare the flags that start everything, or only show it; `choices`: flags that also start jobs."""
    add_dry_run(parser)
    parser.add_argument("--yes", action="store_true", help=f"start all jobs; not needed with {choices}")


def forecast(jobs: Sequence[Job], missing: Sequence[Job], arguments: argparse.Namespace, seconds: Seconds) -> Forecast:
    """Return the forecast of jobs, with as many at a time as the flags allow."""
    if not missing:
        return Forecast(jobs, missing, seconds, 1)
    if on_cluster(arguments) and not arguments.jobs:
        return Forecast(jobs, missing, seconds, None)
    resources = resources_of(arguments, jobs[0].device)
    processes = 1 if resources.executor == "serial" else resources.room() or cores()
    return Forecast(jobs, missing, seconds, min(processes, len(missing)))


def may_start(forecast: Forecast, arguments: argparse.Namespace, console: Console, *, chosen: bool = True) -> bool:
    """Print what is to run; return whether to go on.

    Jobs start if tasks or submissions were `chosen` on the command line, or with `--yes`.
    """
    if not forecast.missing:
        say(console, forecast.sentence())
        return not arguments.dry_run
    start = not arguments.dry_run and (chosen or arguments.yes)
    if not start:
        print(forecast.table())
    say(console, forecast.sentence())
    if not start and not arguments.dry_run:
        say(console, "nothing was started; add --yes to start all of them, or choose --tasks")
    return start
