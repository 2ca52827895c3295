"""Computing the frozen features that jobs need, with a progress bar."""

from collections.abc import Iterable

from rich.console import Console

from spurgen.benchmark.specs import is_baseline
from spurgen.benchmark.task import Task
from spurgen.harness.machine.files import cache_folder
from spurgen.harness.machine.pool import cores
from spurgen.harness.machine.printing import say
from spurgen.harness.machine.progress import samples_bar
from spurgen.harness.running.features import SECONDS, compute, missing
from spurgen.harness.running.forecast import duration
from spurgen.harness.running.job import Job


def compute_features(jobs: Iterable[Job], console: Console, processes: int | None, *, dry_run: bool = False) -> None:
    """Compute and cache the missing features of the worlds of jobs on frozen ladders.

    A dry run only prints the number of samples and the expected time.
    """
    rungs: dict[tuple[str, str], dict[str, Task]] = {}
    for job in jobs:
        if job.task.of and is_baseline(job.spec) and job.frozen:
            rungs.setdefault((job.frozen, job.encoder), {})[
                f"{job.task.scenario.name} {job.task.modality} {job.task.backbone}"
            ] = job.task
    work = [each for key, of in rungs.items() for each in missing(of.values(), *key)]
    if not work:
        return
    total, seconds = sum(each.size for each in work), sum(each.size * SECONDS[each.carrier] for each in work)
    time = f"{duration(seconds / (processes or cores()))}, once; {cache_folder()} keeps their features"
    if dry_run:
        say(console, f"before the jobs, frozen encoders see {total:,} samples: {time}")
        return
    say(console, f"encoding {total:,} samples by frozen encoders: {time}")
    with samples_bar(console, total) as advance:
        for count in compute(work, processes):
            advance(count)
