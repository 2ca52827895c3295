"""Run the jobs that have no result yet, and store each result as soon as it is there."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Result
from spurgen.harness.machine.progress import make_progress
from spurgen.harness.results.rows import Row
from spurgen.harness.results.store import Store, check_owner
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import check_backbones


def find_missing(jobs: Sequence[Job], rows: Mapping[str, Row]) -> list[Job]:
    """Return the jobs without a usable result in `rows`, by label.

    A failed result is unusable, and so is one with weaker isolation than the job requires.
    """
    return [job for job in jobs if result_of(job, rows.get(job.label, {})) is None]


def result_of(job: Job, row: Row) -> Result | None:
    """Return a job's usable result, or None."""
    part = row.get(job.task.name)
    if part is None or (job.limits.isolation == "bubblewrap" and {r.isolation for r in part.results} != {"bubblewrap"}):
        return None
    same = (r for r in part.results if r.seed == job.seed and r.error is None and r.identity == job.identity)
    return next(same, None)


def run_missing(
    jobs: Sequence[Job],
    store: Store,
    console: Console,
    processes: int | None = None,
    report: Callable[[Job, Result], None] | None = None,
) -> Iterator[tuple[Job, Result]]:
    """Run the jobs that have no result yet; store each result when its job ends, then yield both.

    A failed result is stored too, but its job runs again next time: the machine may have been at fault. `report` is
    called with every new result; by default it prints a line.
    """
    rows = {label: store.row(label) for label in dict.fromkeys(job.label for job in jobs)}
    _check_owners(jobs, rows, console)
    missing = find_missing(jobs, rows)
    if not missing:
        return
    check_backbones(missing)
    from spurgen.harness.machine import pool  # imported late, as `run` is: both are slow to import
    from spurgen.harness.running.run import run

    with make_progress(console) as progress:
        bar = progress.add_task("jobs", total=len(jobs), completed=len(jobs) - len(missing))
        for job, (result, samples) in pool.run(run, missing, processes):
            store.add(job.label, result, samples)
            progress.advance(bar)
            if report:
                report(job, result)
            else:
                progress.console.print(_line(job, result), markup=False)
            yield job, result


def _line(job: Job, result: Result) -> str:
    outcome = f"failed: {first_line(result.error)}" if result.error else f"WGA {result.metrics['wga']:.3f}"
    return f"{job.label}  {job.task.name}  seed {job.seed}  {outcome}"


def first_line(error: str) -> str:
    """Return the first line of an error's message."""
    return (error.splitlines() or ["no reason given"])[0]


def _check_owners(jobs: Sequence[Job], rows: Mapping[str, Row], console: Console) -> None:
    """Raise `SpurgenError` if a row belongs to another submission; warn if new results replace old ones."""
    owners: dict[str, Job] = {}
    for job in jobs:
        owner = owners.setdefault(job.label, job)
        if owner.submission_sha256 != job.submission_sha256:
            raise SpurgenError(f"{owner.spec} and {job.spec} would share the row {job.label}; rename one of them")
    for label, job in owners.items():
        if check_owner(rows[label], label, job.spec, job.submission_sha256):
            console.print(
                f"{job.spec} changed since its row was made, or another file has that name: all results of the row "
                f"{label} are replaced as soon as a new one is there",
                markup=False, style="yellow", soft_wrap=True,
            )  # fmt: skip
