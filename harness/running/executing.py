"""Find the jobs without a result, run them on the executor that the command line names, and store each result."""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError, harmless
from spurgen.benchmark.plugins import BASELINES, is_baseline, names_in
from spurgen.benchmark.result import Result
from spurgen.benchmark.suggest import one_of
from spurgen.harness.machine.files import FULL
from spurgen.harness.machine.pool import ANYWHERE, Resources
from spurgen.harness.machine.printing import first_line, say
from spurgen.harness.machine.progress import jobs_progress
from spurgen.harness.results.rows import Row
from spurgen.harness.results.store import Store, check_owner, versions_of
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import check_backbones

J = TypeVar("J")
R = TypeVar("R")
EXECUTORS = "spurgen.harness.executors"


def read_cluster(text: str) -> tuple[str, str]:
    """Split `NAME[://ADDRESS]`; raise `SpurgenError`, which suggests similar names, for an unknown executor."""
    name, _, address = text.partition("://")
    return one_of("executor", name, names_in(EXECUTORS)), address


def heeded(executor: str) -> frozenset[str]:
    """Return the fields of `Resources` that an executor names in its `HEEDS`."""
    fields: frozenset[str] = _module(executor).HEEDS
    return fields


def execute(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R]]:
    """Run jobs on the executor that `resources` names; see `spurgen.harness.executors` for what is raised."""
    results: Iterator[tuple[J, R]] = _module(resources.executor).run(work, jobs, resources)
    return results


@dataclass(frozen=True)
class Bug:
    """An error of ours in a job and its traceback, both as text, since not every exception can be pickled."""

    error: str
    trace: str


def execute_each(work: Callable[[J], R], jobs: Sequence[J], resources: Resources) -> Iterator[tuple[J, R | Bug]]:
    """Run jobs as `execute` does, but a job that raises an unexpected error yields a `Bug`, and the others go on.

    Raise a `SpurgenError`, or the error of a full disk, at once: it concerns all jobs.
    """
    return execute(partial(_guarded, work), jobs, resources)


def _guarded(work: Callable[[J], R], job: J) -> R | Bug:
    try:
        return work(job)
    except Exception as error:
        if isinstance(error, SpurgenError) or getattr(error, "errno", None) in FULL:
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        summary = first_line(traceback.format_exception_only(error)[-1])
        return Bug(f"{harmless(summary)} ({Path(last.filename).name}, line {last.lineno})", traceback.format_exc())


def _module(executor: str) -> Any:  # noqa: ANN401  # a module, found by name
    return import_module(f"{EXECUTORS}.{executor}")  # only this one: others may be slow to import


class JobsFailedError(Exception):
    """Jobs ended in a bug of ours: `lines` names each. Nothing is stored for these; all other jobs have run."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


def find_missing(jobs: Sequence[Job], rows: Mapping[str, Row]) -> list[Job]:
    """Return the jobs without a usable result in `rows`, by label; without those that lack the twins that a row needs.

    Raise `SpurgenError` if a row belongs to another submission, or two submissions would share one.
    """
    for label, job in _owners(jobs).items():
        if label in names_in(BASELINES) and not is_baseline(job.spec):
            raise SpurgenError(f"{job.spec} would have the row {label}, as the baseline of that name; rename it")
        check_owner(rows.get(label, {}), label, job.spec, job.submission_sha256)
    usable: dict[tuple[str, str], set[int]] = {}
    missing, on_twins = [], {label for label, row in rows.items() if _trained_on_twins(row)}
    for job in jobs:
        if job.label in on_twins and not job.task.has_twins:
            continue
        key = job.label, job.task.name
        if key not in usable:
            usable[key] = _usable_seeds(job, rows.get(job.label, {}))
        if job.seed not in usable[key]:
            missing.append(job)
    return missing


def _trained_on_twins(row: Row) -> bool:
    """Return whether a row's results come from training on twins."""
    return any(result.access == "twins" for part in row.values() for result in part.results[:1])


def _usable_seeds(job: Job, row: Row) -> set[int]:
    """Return the seeds of a job's task that have a usable result.

    A failed result is not usable. If any result of the task is stale, or less isolated than the job requires, none is:
    they are all replaced together.
    """
    part = row.get(job.task.name)
    finished = [result for result in part.results if result.error is None] if part else []
    return {result.seed for result in finished} if all(map(job.accepts, finished)) else set()


def run_missing(
    jobs: Sequence[Job],
    store: Store,
    console: Console,
    resources: Resources = ANYWHERE,
    report: Callable[[Job, Result], None] | None = None,
) -> Iterator[tuple[Job, Result]]:
    """Run the jobs that have no result yet; store each result when its job ends, then yield both.

    A failed result is stored too, but its job runs again next time: the machine may have been at fault. `report` is
    called with every new result; by default it prints a line. Raise `SpurgenError` if another process scores another
    version of a submission at the same time, and what `run_jobs` raises.
    """
    rows = {label: store.row(label) for label in dict.fromkeys(job.label for job in jobs)}
    replaceable = {label: versions_of(row) for label, row in rows.items()}
    missing = find_missing(jobs, rows)
    warn_replaced(jobs, missing, rows, console)
    if not missing:
        return
    from spurgen.harness.running.run import run  # imported late: slow to import

    for job, (result, samples) in run_jobs(run, missing, console, resources, len(jobs) - len(missing)):
        if result.identity != job.identity:
            raise SpurgenError(
                f"{job.label} on {job.task.name}, seed {job.seed}: the machine that ran it has another version of "
                "SpurGen, of the suite or of the submission; install the same on all machines of the cluster"
            )
        store.add(job.label, result, samples, job.accepts, replaceable[job.label])
        if report:
            report(job, result)
        else:
            say(console, _line(job, result))
        yield job, result


def run_jobs(
    work: Callable[[Job], R], jobs: Sequence[Job], console: Console, resources: Resources = ANYWHERE, finished: int = 0
) -> Iterator[tuple[Job, R]]:
    """Run jobs by `work`, with a progress bar; yield each with its result as it ends.

    `finished`: how many more jobs the bar shows as done. Raise `SubmissionError` if weights are not installed, and
    `JobsFailedError`, when all others have ended, if jobs raised unexpected errors.
    """
    check_backbones(jobs)
    bugs: dict[str, str] = {}
    with jobs_progress(console) as progress:
        bar = progress.add_task("jobs", total=finished + len(jobs), completed=finished)
        for job, result in execute_each(work, jobs, resources):
            progress.advance(bar)
            if isinstance(result, Bug):
                line = (
                    f"{_name(job)}: {result.error}: a bug in SpurGen, please report it; nothing is stored of this job"
                )
                bugs[line] = result.trace
                say(console, line, "red")
            else:
                yield job, result
    if bugs:
        failed = JobsFailedError([*bugs])
        failed.add_note("\n".join(bugs.values()))
        raise failed


def _line(job: Job, result: Result) -> str:
    if result.error:
        return f"{_name(job)}  failed: {first_line(result.error)}"
    return f"{_name(job)}  accuracy if misled {result.metrics['robust_accuracy']:.3f}"


def _name(job: Job) -> str:
    return f"{job.label}  {job.task.name}  seed {job.seed}"


def _owners(jobs: Sequence[Job]) -> dict[str, Job]:
    """Return one job per label; raise `SpurgenError` if two submissions share a label."""
    owners: dict[str, Job] = {}
    for job in jobs:
        owner = owners.setdefault(job.label, job)
        if owner.submission_sha256 != job.submission_sha256:
            raise SpurgenError(f"{owner.spec} and {job.spec} would share the row {job.label}; rename one of them")
    return owners


def warn_replaced(jobs: Sequence[Job], missing: Sequence[Job], rows: Mapping[str, Row], console: Console) -> None:
    """Warn if results of the `missing` jobs replace old ones."""
    added = {job.label for job in missing}
    for label, job in _owners(jobs).items():
        if not check_owner(rows[label], label, job.spec, job.submission_sha256) or label not in added:
            continue
        say(
            console,
            f"{job.spec} changed since its row was made, or another file has that name: all results of the row "
            f"{label} are replaced as soon as a new one is there",
            "yellow",
        )
