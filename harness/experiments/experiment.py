"""An experiment: some methods on one task over some seeds; planned, run, and every result kept at once."""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from spurgen.benchmark.result import Cell
from spurgen.benchmark.suite import Task
from spurgen.harness.experiments.checks import Method
from spurgen.harness.machine import pool
from spurgen.harness.machine.progress import make_progress
from spurgen.harness.results.identity import job_identity, refuse_edits, submission_digest
from spurgen.harness.results.store import cell_file, read_cell, write_cell
from spurgen.harness.running.run import Trial, run_trial

TRIALS = "trials"
WARNINGS = "warnings"  # the entry of a cell's provenance that lists them


@dataclass(frozen=True)
class Experiment:
    """Holds all that an experiment needs; `command` is what to type to repeat it."""

    name: str
    task: Task
    methods: tuple[Method, ...]
    seeds: tuple[int, ...]
    device: str
    folder: Path
    command: str


@dataclass(frozen=True)
class Run:
    """Is one trial of an experiment under the digest of all that its figures depend on."""

    method: str
    trial: Trial
    identity: str

    def run(self) -> Cell:
        """Runs the trial; what it warns of is kept in the cell's provenance."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            digest = self.trial.task.scenario.digest
            cell = run_trial(
                self.trial, lambda *_: None, self._check_unchanged, identity=self.identity, data_sha256=digest
            )
        told = list(dict.fromkeys(f"{one.category.__name__}: {one.message}" for one in caught))
        return cell.model_copy(update={"provenance": cell.provenance | {WARNINGS: told}})

    def _check_unchanged(self) -> None:
        now = identity(self.trial, submission_digest(self.trial.spec))
        refuse_edits(f"submission {self.trial.spec}, seed {self.trial.seed}", self.identity, now)

    def file(self, folder: Path) -> Path:
        """Locates the trial's result; experiments that share a folder share their results."""
        task = self.trial.task
        return cell_file(folder / TRIALS, task.scenario.suite, self.method, task.name, self.trial.seed, self.identity)


def plan(experiment: Experiment) -> list[Run]:
    """Lists an experiment's runs, the first seed of every method before the second of any."""
    task, device = experiment.task, experiment.device
    digests = {method.name: submission_digest(method.spec) for method in experiment.methods}
    return [
        Run(method.name, trial, identity(trial, digests[method.name]))
        for seed in experiment.seeds
        for method in experiment.methods
        for trial in [Trial(task, method.spec, seed, device, dict(method.options))]
    ]


def identity(trial: Trial, source: str) -> str:
    """Returns a trial's `job_identity`, the scenario standing for its data; `source` is the submission's digest."""
    return job_identity(trial.task, source, data=trial.task.scenario.digest, seed=trial.seed, options=trial.options)


def run_missing(
    experiment: Experiment, runs: Sequence[Run], log: logging.Logger, console: Console, jobs: int | None = None
) -> dict[str, list[Cell]]:
    """Runs what has no result yet and returns every method's cells, in the order of the seeds.

    Each result is written as it ends. A failed trial is not kept: the same command tries it again.
    Raises `SpurgenError` if a process is killed; what was finished stays.
    """
    done = {(run.method, run.trial.seed): _kept(run, experiment.folder) for run in runs}
    cells = {place: cell for place, cell in done.items() if cell is not None}
    missing = [run for run in runs if (run.method, run.trial.seed) not in cells]
    log.info("%d of %d trials are there already; %d to run", len(cells), len(runs), len(missing))
    with make_progress(console) as progress:
        bar = progress.add_task("trials", total=len(runs), completed=len(cells))
        for run, cell in pool.run(missing, jobs):
            cells[run.method, run.trial.seed] = cell
            if cell.error is None:
                write_cell(run.file(experiment.folder), cell, alone=False)
            _tell(log, run, cell)
            progress.advance(bar)
    return {m.name: [cells[m.name, seed] for seed in experiment.seeds] for m in experiment.methods}


def _kept(run: Run, folder: Path) -> Cell | None:
    file = run.file(folder)
    return read_cell(file) if file.exists() else None


def _tell(log: logging.Logger, run: Run, cell: Cell) -> None:
    """Logs how a trial ended, and every warning and broken promise of it."""
    about = f"{run.method}, seed {run.trial.seed}"
    for told in cell.provenance.get(WARNINGS, ()):
        log.warning("%s: %s", about, told)
    if cell.error:
        log.error("%s failed: %s", about, cell.error)
        return
    seconds = sum(cell.provenance["seconds"].values())
    figures = ", ".join(f"{name} {cell.figures[name]:.3f}" for name in ("accuracy", "wga", "sss"))
    log.info("%s: %s (%.1f s)", about, figures, seconds)
    for check, kept in (cell.report.checks if cell.report else {}).items():
        if not kept:
            log.warning("%s broke a promise: it is not so that %s", about, check)
