"""An experiment: some methods on one task over some seeds; checked, planned, run and logged.

Every result is stored at once.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from rich.console import Console
from rich.logging import RichHandler

from spurgen.benchmark.contract import ACCESS, Modality
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.plugins import BASELINES, discover, is_baseline
from spurgen.benchmark.result import Result, SampleArrays
from spurgen.benchmark.suggest import is_word, one_of
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import pictograms
from spurgen.generators.world import world_of
from spurgen.harness.machine.pool import ANYWHERE, Resources
from spurgen.harness.machine.printing import failed_check
from spurgen.harness.results.rows import TaskRow, make_task_row
from spurgen.harness.results.store import Store, label_of
from spurgen.harness.running.executing import find_missing, run_missing
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import baseline_specs, measured, plan_unfrozen
from spurgen.harness.running.query import check_offer
from spurgen.harness.sandbox.process import Worker

if TYPE_CHECKING:
    from spurgen.baselines.training.method import Baseline

JOBS, LOG = "jobs", "log.txt"
"""Where an experiment's folder has its results and its log."""
LOGGERS = ("spurgen-run", "py.warnings")  # the second is where Python's own warnings go
SHARED = {"feature_dim": "feature_dim", "batch_size": "batch_size", "num_epochs": "epochs", "lr": "lr"}
"""Flags that go to every baseline, and the option that each sets."""
WEIGHTS = {
    "irm_lambda": ("irm", "penalty_weight"),
    "adv_lambda": ("adversarial", "adversary_weight"),
    "cont_lambda": ("contrastive", "contrastive_weight"),
}
"""Flags that go to one baseline: its name and its option."""
Flags = Mapping[str, float | None]
"""Values of the flags in `SHARED` and `WEIGHTS`, None or absent where a weight is the method's own."""


@dataclass(frozen=True)
class Method:
    """A method of an experiment: its name, where its code is, and its options."""

    name: str
    spec: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def baseline(self) -> "Baseline[Any] | None":
        """The baseline, or None for any other submission."""
        return _baselines().get(self.name) if is_baseline(self.spec) else None


def _baselines() -> "dict[str, Baseline[Any]]":
    return {name: module.submission for name, module in discover(BASELINES).items()}


def find_methods(names: Sequence[str], flags: Flags) -> tuple[Method, ...]:
    """Return the methods, each once, the baselines among them with the options that the flags set.

    Raise `SpurgenError` for a name that is neither a baseline nor a path or module, and for a value out of range.
    """
    known = _baselines()
    for flag, (owner, option) in WEIGHTS.items():  # even if that method does not run
        _check(flag, known[owner], option, flags.get(flag))
    methods: dict[str, Method] = {}
    for name in dict.fromkeys(names):
        if name not in known and is_word(name):
            one_of("method", name, known)
        spec = baseline_specs([name])[0]
        method = Method(label_of(spec, {}), spec, _options(known[name], flags) if name in known else {})
        if method.name in methods:
            raise SpurgenError(f"--methods: {name} and {methods[method.name].spec} are both called {method.name}")
        methods[method.name] = method
    return tuple(methods.values())


def _options(baseline: "Baseline[Any]", flags: Flags) -> dict[str, Any]:
    """Return the options that the flags set in a baseline."""
    for flag, option in SHARED.items():
        _check(flag, baseline, option, flags[flag])
    own = {option: flags.get(flag) for flag, (owner, option) in WEIGHTS.items() if owner == baseline.NAME}
    return {option: flags[flag] for flag, option in SHARED.items()} | {k: v for k, v in own.items() if v is not None}


def _check(flag: str, baseline: "Baseline[Any]", option: str, value: float | None) -> None:
    """Raise `SpurgenError` that names the flag if a baseline does not take its value."""
    if value is not None:
        try:
            baseline.with_options(**{option: value})
        except SubmissionError as error:
            raise SpurgenError(f"{spelled(flag)} {value}: {error}") from None


def spelled(flag: str) -> str:
    """Return a flag as the help spells it, `--num-epochs` for `num_epochs`."""
    return f"--{flag.replace('_', '-')}"


def unused_flags(methods: Sequence[Method], flags: Flags) -> list[str]:
    """Return a message per flag that has no effect, that switches its method off, or that a method does not read."""
    names = {method.name for method in methods}
    weights = {flag: owner for flag, (owner, _) in WEIGHTS.items() if flags.get(flag) is not None}
    ignored = "--feature-dim, --batch-size, --num-epochs and --lr have no effect on it"
    return [
        *(f"{spelled(flag)} has no effect: {owner} is not among the methods" for flag, owner in weights.items()
          if owner not in names),
        *(f"{spelled(flag)} 0 removes all that distinguishes {owner} from erm" for flag, owner in weights.items()
          if owner in names and flags[flag] == 0),
        *(f"{method.name} is not a baseline: {ignored}" for method in methods if not is_baseline(method.spec)),
    ]  # fmt: skip


def empty_groups(task: Task, methods: Sequence[Method]) -> list[str]:
    """Return a message for train and for val if groups are empty in it and baselines use the groups of that split."""
    access = {method.name: ACCESS[method.baseline.ACCESS] for method in methods if method.baseline}
    readers = {
        "train": [name for name, tier in access.items() if tier.train_groups],
        "val": [name for name, tier in access.items() if tier.val_groups],
    }
    messages = []
    for split, names in readers.items():
        if not names:
            continue
        world = world_of(task.scenario)
        empty = task.num_groups - len(np.unique(world.groups(task.channels, world.factors(split))))
        if empty:
            messages.append(
                f"{split} has no sample in {empty} of {task.num_groups} groups, which {', '.join(names)} cannot take "
                "into account; unless this is intended, add samples or lower the channels' strength"
            )
    return messages


def check_task(task: Task, methods: Sequence[Method], batch_size: int) -> None:
    """Raise `SpurgenError` if a method cannot run on a task, or its batches cannot be filled."""
    scenario = pictograms(task.scenario)
    if not task.channels:
        carried = ", ".join(m for m in get_args(Modality) if scenario.channels_in(m)) or "none"
        what = f"scenario {scenario.name} has no channel, hence no groups, in modality {task.modality}"
        raise SpurgenError(f"--modality {task.modality}: {what}; modalities with channels: {carried}")
    if batch_size > scenario.splits.train:
        raise SpurgenError(
            f"--batch-size {batch_size}: larger than the train split, {scenario.splits.train} samples; "
            "choose a smaller one, or more train samples (--num-samples, or train of the scenario's [splits])"
        )
    for method in methods:
        if lacks_environments(task, method):
            raise SpurgenError(
                f"--methods {method.name}: needs two or more environments, but scenario {scenario.name} has "
                f"{len(scenario.environments)}; add [[environments]] with different strengths, or leave it out"
            )


def lacks_environments(task: Task, method: Method) -> bool:
    """Return whether a method compares environments and the scenario has fewer than two."""
    access = ACCESS[_access(task, method)]
    return access.env_ids and not access.train_groups and len(pictograms(task.scenario).environments) < 2


def _access(task: Task, method: Method) -> str:
    """Return a method's access tier; raise `SubmissionError` if it does not take the task's modality."""
    if method.baseline is None:
        with Worker(method.spec, method.options, task.name) as worker:  # submitted code must not run in this process
            check_offer(worker, task)
            return worker.about.access
    if task.modality not in method.baseline.MODALITIES:
        takes = ", ".join(sorted(method.baseline.MODALITIES))
        raise SubmissionError(f"--methods {method.name}: takes {takes}, not {task.modality}; leave it out")
    return method.baseline.ACCESS


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


@contextmanager
def logged(folder: Path, console: Console) -> Iterator[logging.Logger]:
    """Append log messages, Python's warnings, and the reason if a run ends early, to a folder's log.txt."""
    file = logging.FileHandler(folder / LOG, encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    shown = RichHandler(console=console, show_path=False, markup=False, highlighter=None, log_time_format="[%X]")
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.handlers = [file, shown]
    logging.captureWarnings(True)
    try:
        yield loggers[0]
    except BaseException as error:  # the command line itself reports it on the console
        ending = "stopped by the user" if isinstance(error, KeyboardInterrupt) else f"ended by an error: {error}"
        file.handle(loggers[0].makeRecord(LOGGERS[0], logging.ERROR, "", 0, "%s", (ending,), None))
        raise
    finally:
        logging.captureWarnings(False)
        for logger in loggers:
            logger.handlers = []
        file.close()
