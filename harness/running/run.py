"""One run, (task, submission, seed): trained, asked and scored, on any scenario, frozen or not."""

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from spurgen.benchmark.contract import Context
from spurgen.benchmark.errors import MetricError, SubmissionError
from spurgen.benchmark.result import Cell, Report, pack
from spurgen.benchmark.specs import is_baseline
from spurgen.benchmark.suite import Task
from spurgen.generators import Samples, class_names, sample
from spurgen.harness.machine.provenance import provenance
from spurgen.harness.results.identity import submission_digest
from spurgen.harness.running.checkpoints import compare_rules
from spurgen.harness.running.query import Asker, Check, check_offer, collect
from spurgen.harness.running.scoring import score
from spurgen.harness.running.task_data import labeled_data, shown
from spurgen.harness.sandbox.launch import isolation_of
from spurgen.harness.sandbox.limits import DEFAULT, Limits
from spurgen.harness.sandbox.process import Worker
from spurgen.harness.sandbox.rechecks import WatchedWorker
from spurgen.harness.splits.freeze import SHARD


@dataclass(frozen=True)
class Trial:
    """Names a run; small and picklable, so that any executor can carry it.

    With `uncorrelated` the submission trains in the same world without its correlations: the
    reference that shows whether a task can be learned at all.
    """

    task: Task
    spec: str
    seed: int
    device: str = "cpu"
    options: dict[str, Any] = field(default_factory=dict)
    uncorrelated: bool = False
    limits: Limits = DEFAULT


def run_trial(trial: Trial, check: Check, unchanged: Callable[[], None] = lambda: None, **named: str) -> Cell:
    """Trains, asks and scores; a submission's failure is recorded in the cell, not raised.

    `unchanged` is called before and after, and raises `SubmissionError` to fail the cell. `named` are the
    cell's `identity` and `data_sha256`. Raises what `check` raises, and `SpurgenError` where the isolation that
    is asked for is not to be had.
    """
    about: dict[str, Any] = {"name": Path(trial.spec).stem, "access": "none"}
    common = {
        "suite": trial.task.scenario.suite, "task": trial.task.name, "spec": trial.spec, "options": trial.options,
        "seed": trial.seed, "uncorrelated": trial.uncorrelated, "isolation": isolation_of(trial.limits),
        "submission_sha256": submission_digest(trial.spec), **named,
    }  # fmt: skip
    try:
        unchanged()
        ours = is_baseline(trial.spec)  # not to be trained twice: they are no strangers
        limits = replace(trial.limits, retrain_seconds=0.0) if ours else trial.limits
        with WatchedWorker(trial.spec, trial.options, trial.task.name, limits, trial.device) as worker:
            about = worker.about
            check_offer(worker, trial.task)
            fields = _train_and_score(trial, check, worker)
            worker.ask_again()
            fields["provenance"]["asked_again"] = worker.asked_again
        unchanged()
    except (SubmissionError, MetricError) as error:
        fields = {
            "error": "\n".join([str(error), *getattr(error, "__notes__", [])]),
            "provenance": provenance(trial.device),
        }
    fields["provenance"]["limits"] = trial.limits.record()
    return Cell(submission=about["name"], access=about["access"], **common, **fields)


def fit(trial: Trial, worker: Worker, train: Samples, val: Samples) -> Report | None:
    """Lets a submission train, if it does, on what its access tier grants; returns what it tells of it."""
    if "fit" not in worker.about["offers"]:
        return None
    task, access = trial.task, worker.about["access"]
    names, size = class_names(task.scenario), task.scenario.image_size
    context = Context(names, task.modality, size, trial.device, trial.seed, worker.scratch, task.backbone)
    data = [labeled_data(task, split, made, access) for split, made in (("train", train), ("val", val))]
    return worker.fit(data[0], data[1], context)


def _train_and_score(trial: Trial, check: Check, worker: Worker) -> dict[str, Any]:
    task = trial.task
    train, val = (make_split(trial, split, check) for split in ("train", "val"))
    clock = [time.perf_counter()]
    report = fit(trial, worker, train, val)
    clock.append(time.perf_counter())
    asker = Asker(worker, task)
    asker.fit_probe(train)
    seed = secrets.randbits(63)
    answers, factors = collect(asker, check, val, train, seed)
    rules = compare_rules(asker, train, val)
    clock.append(time.perf_counter())
    scores = score(task, answers, factors, train)
    clock.append(time.perf_counter())
    seconds = dict(zip(("fit", "ask", "score"), (b - a for a, b in itertools.pairwise(clock)), strict=True))
    return {
        "figures": scores.figures, "channels": scores.channels, "patterns": scores.patterns, "groups": scores.groups,
        "samples": {name: pack(array) for name, array in scores.samples.items()},
        "report": report, "selections": rules,
        "provenance": provenance(trial.device)
        | {"seconds": seconds, "peak_memory_bytes": worker.peak_bytes, "device": trial.device, "order_seed": seed},
    }  # fmt: skip


def make_split(trial: Trial, split: str, check: Check) -> Samples:
    """Makes `train` or `val` and has it checked, unless it is the uncorrelated one."""
    scenario = trial.task.scenario.uncorrelated() if trial.uncorrelated else trial.task.scenario
    size = scenario.split_size(split)
    whole = sample(scenario, split, range(size), **shown(trial.task))
    for start in [] if trial.uncorrelated else range(0, size, SHARD):
        check(split, start, whole.take(slice(start, start + SHARD)))
    return whole
