"""The flags that choose where jobs run, and what each may use there."""

import argparse

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import names_in
from spurgen.harness.machine.pool import ANYWHERE, Resources
from spurgen.harness.machine.provenance import check_device_name, pick_device, visible_gpus
from spurgen.harness.options.flags import between, positive_int
from spurgen.harness.running.executing import EXECUTORS, heeded, read_cluster


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


FLAGS = {
    "gpus": "gpus_per_job", "memory_gib": "memory_per_job", "minutes": "minutes_per_job", "retries": "retries",
}  # fmt: skip
"""Fields of `Resources` that a flag sets, and the flags' names in the arguments."""


def check_cluster(arguments: argparse.Namespace) -> None:
    """Raise `SpurgenError` for an address or a flag that the chosen executor ignores."""
    executor, address = arguments.cluster
    if address and "address" not in heeded(executor):
        raise SpurgenError(f"--cluster {executor}://{address}: {executor} has no address; leave ://{address} out")
    for field, flag in FLAGS.items():
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
    given = {field: getattr(arguments, flag) for field, flag in FLAGS.items()}
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
