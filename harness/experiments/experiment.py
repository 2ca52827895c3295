"""An experiment: some methods on one task over some seeds; planned, run, and every result stored at once."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.result import Result, SampleArrays
from spurgen.benchmark.task import Task
from spurgen.harness.experiments.checks import Method
from spurgen.harness.machine.pool import ANYWHERE, Resources
from spurgen.harness.machine.printing import failed_check
from spurgen.harness.results.rows import TaskRow, make_task_row
from spurgen.harness.results.store import Store, label_of
from spurgen.harness.running.forecast import measured
from spurgen.harness.running.job import Job
from spurgen.harness.running.missing import find_missing, run_missing
from spurgen.harness.running.plan import plan_unfrozen

JOBS = "jobs"


@dataclass(frozen=True)
class Experiment:
    """The definition of an experiment; `command` repeats it."""

    name: str
    task: Task
    methods: tuple[Method, ...]
    seeds: tuple[int, ...]
    device: str
    folder: Path
    command: str

    @property
    def store(self) -> Store:
        """Results by method and seed; experiments that share a folder and a task share them."""
        return Store(self.folder / JOBS, f"{self.task.name}-{self.task.scenario.digest[:12]}")


def plan(experiment: Experiment) -> dict[tuple[str, int], Job]:
    """Return an experiment's jobs by method and seed, the first seed of every method before the second of any."""
    jobs = {}
    for seed in experiment.seeds:
        for method in experiment.methods:
            job = plan_unfrozen(experiment.task, method.spec, seed, experiment.device, method.options)
            jobs[method.name, seed] = replace(job, row=f"{job.label}-seed{seed}")
    return jobs


def missing_jobs(experiment: Experiment, jobs: Mapping[tuple[str, int], Job]) -> list[Job]:
    """Return the jobs of an experiment that have no usable result in its folder."""
    return find_missing([*jobs.values()], {job.label: experiment.store.row(job.label) for job in jobs.values()})


def measured_seconds(experiment: Experiment, jobs: Mapping[tuple[str, int], Job]) -> dict[tuple[str, str], list[float]]:
    """Return the seconds that the stored results of an experiment took, with any of its seeds, as `measured` does."""
    seconds: dict[tuple[str, str], list[float]] = {}
    for job in jobs.values():
        for (_, task), times in measured({job.label: experiment.store.row(job.label)}).items():
            seconds.setdefault((label_of(job.spec, {}), task), []).extend(times)
    return seconds


def run_experiment(
    experiment: Experiment, log: logging.Logger, console: Console, resources: Resources = ANYWHERE
) -> dict[str, TaskRow]:
    """Run what has no result yet; return every method's row, seeds ascending.

    Each result is stored when its job ends. Raise `SpurgenError` if a process is killed; finished results stay.
    """
    jobs, store = plan(experiment), experiment.store
    names = {job.label: name for (name, _), job in jobs.items()}
    ran = run_missing(
        [*jobs.values()], store, console, resources, lambda job, result: _log(log, names[job.label], result)
    )
    failed = {job.label: result for job, result in ran if result.error}
    return {
        method.name: make_task_row([_outcome(store, jobs[method.name, seed], failed) for seed in experiment.seeds])
        for method in experiment.methods
    }


def _outcome(store: Store, job: Job, failed: Mapping[str, Result]) -> tuple[Result, SampleArrays]:
    """Return a job's stored result and samples; where the store has an older version's, return the failure."""
    part = store.row(job.label)[job.task.name]
    if job.accepts(part.results[0]):
        return part.results[0], {"correct": part.correct[0], **part.sums} if len(part.correct) else {}
    if job.label in failed:
        return failed[job.label], {}
    raise SpurgenError(
        f"the row {job.label} in {store.folder} got a result of another version of {job.spec} while this command ran; "
        "run it again"
    )


def _log(log: logging.Logger, method: str, result: Result) -> None:
    """Log how a job ended, and every warning and failed sanity check of it."""
    about = f"{method}, seed {result.seed}"
    for message in result.provenance.warnings:
        log.warning("%s: %s", about, message)
    if result.error:
        log.error("%s failed: %s", about, result.error)
        return
    metrics = ", ".join(f"{name} {result.metrics[name]:.3f}" for name in ("accuracy", "wga", "sss"))
    log.info("%s: %s (%.1f s)", about, metrics, result.provenance.total_seconds)
    if result.report and result.report.failed_checks:
        log.warning("%s: %s", about, failed_check(result.report.failed_checks))
