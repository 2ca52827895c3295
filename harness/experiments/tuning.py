"""Tuning: tries settings of a method, trains each, and judges it on validation data alone."""

import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.generators.streams import permutation, stream_key
from spurgen.harness.experiments.tuning_result import TuningResult, read_tuning
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.results.store import label_of
from spurgen.harness.running.checkpoints import score_on
from spurgen.harness.running.job import Job
from spurgen.harness.running.query import Asker, check_offer
from spurgen.harness.running.run import fit, make_split
from spurgen.harness.sandbox.process import Worker

STRATEGIES = ("random", "grid")


def settings(hyper: Recipe, count: int, strategy: str) -> list[dict[str, float]]:
    """Lists settings to try, the defaults first, at most `count`, none twice; each says all that is searched.

    They come from the product of what the hyper-parameters declare to be searched, in order for a
    `grid`, in an order drawn once and for all for `random`. Raises `SpurgenError` for fewer than one.
    """
    if count < 1:
        raise SpurgenError(f"{count} trials are none; ask for at least 1")
    names = [entry.name for entry in fields(hyper) if entry.metadata["search"]]
    values = [next(e.metadata["search"] for e in fields(hyper) if e.name == name) for name in names]
    grid = [dict(zip(names, row, strict=True)) for row in itertools.product(*values)]
    defaults = {name: getattr(hyper, name) for name in names}
    others = [row for row in grid if row != defaults]
    if strategy == "random":
        key = stream_key("sweep", type(hyper).__module__, *names)
        others = [others[k] for k in permutation(key, len(others))] if others else []
    return [defaults, *others[: count - 1]]


def tune(job: Job) -> TuningResult:
    """Train a job's submission and ask it about val; no test sample is made."""
    begun, access = time.perf_counter(), "none"
    scores: dict[str, Any]
    try:
        with Worker(job.spec, dict(job.options), job.task.name, job.limits, job.device) as worker:
            check_offer(worker, job.task)
            access = worker.about["access"]
            train, val = (make_split(job, split) for split in ("train", "val"))
            report = fit(job, worker, train, val)
            score = score_on(Asker(worker, job.task), val, "val")
            scores = {"accuracy": score.accuracy, "broken": report.failed_checks if report else []}
            if ACCESS[access].val_groups:
                scores |= {"worst": score.worst, "mean": score.mean}
        job.check_unchanged()
    except SubmissionError as error:
        scores = {"error": str(error)}
    return TuningResult(
        suite=job.task.scenario.suite, task=job.task.name, method=method_of(job), access=access,
        options=dict(job.options), seed=job.seed, identity=job.identity, seconds=time.perf_counter() - begun, **scores,
    )  # fmt: skip


def method_of(job: Job) -> str:
    """Return the name of the method that a job tunes."""
    return label_of(job.spec, {})


def results_file(folder: Path, suite: str, method: str) -> Path:
    """Locate a method's results: folder/suite/method.jsonl."""
    return folder / suite / f"{method}.jsonl"


def split_done(folder: Path, jobs: Sequence[Job]) -> tuple[list[TuningResult], list[Job]]:
    """Return the results that are on disk already, and the jobs without one: also those that failed."""
    files = {results_file(folder, job.task.scenario.suite, method_of(job)) for job in jobs}
    known = {result.identity: result for path in files for result in read_tuning(path) if not result.error}
    done = [known[job.identity] for job in jobs if job.identity in known]
    return done, [job for job in jobs if job.identity not in known]


def keep(path: Path, result: TuningResult) -> None:
    """Add a result to its method's file, in place of an older one of the same setting; whole or not at all."""
    same = ("task", "options", "seed")
    others = [r for r in read_tuning(path) if any(getattr(r, name) != getattr(result, name) for name in same)]
    write_atomically(path, "".join(f"{r.model_dump_json()}\n" for r in [*others, result]))


def choose(trials: Iterable[TuningResult]) -> dict[str, Any] | None:
    """Returns the options whose mean val score over tasks and seeds is best; None if no setting worked everywhere.

    By worst-group accuracy, equals by the mean over groups, where the tier shows groups on val, else by
    accuracy. A setting that failed or broke a promise on any task or seed is out. Of equals, the
    first tried.
    """
    return max(ranked(trials), key=lambda row: row[1], default=(None, ()))[0]


def ranked(trials: Iterable[TuningResult]) -> Iterator[tuple[dict[str, Any], tuple[float, ...]]]:
    """Yields every setting that worked on all tasks and seeds, with what it is judged by."""
    groups: dict[str, list[TuningResult]] = defaultdict(list)
    for trial in trials:
        groups[json.dumps(trial.options, sort_keys=True)].append(trial)
    for some in groups.values():
        scores = [trial.score for trial in some]
        whole = [score for score in scores if score is not None]
        if len(whole) == len(scores):
            yield some[0].options, _judged(whole)


def _judged(scores: Sequence[ValScore]) -> tuple[float, ...]:
    figures = [(s.accuracy,) if s.worst is None or s.mean is None else (s.worst, s.mean) for s in scores]
    return tuple(np.mean(figures, axis=0).tolist())
