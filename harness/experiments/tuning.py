"""Tuning: train a method with several settings, and choose one by validation data alone."""

import itertools
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import numpy as np

from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.errors import SubmissionError
from spurgen.generators.streams import permutation, stream_key
from spurgen.harness.experiments.tuning_result import Options, TuningResult, read_tuning, results_file
from spurgen.harness.results.store import label_of
from spurgen.harness.running.checkpoints import score_on
from spurgen.harness.running.job import Job
from spurgen.harness.running.query import Asker, check_offer
from spurgen.harness.running.run import fit, make_split
from spurgen.harness.sandbox.process import Worker

STRATEGIES = ("random", "grid")


class Setting(NamedTuple):
    """A method's options, and the mean of their validation scores over tasks and seeds.

    `score` is (worst-group accuracy, mean accuracy over groups) where the access tier shows groups on val, otherwise
    (accuracy,). It is None if a job failed, or a sanity check failed, on any task or seed.
    """

    options: Options
    score: tuple[float, ...] | None


def settings(hyper: Recipe, count: int, strategy: str) -> list[Options]:
    """Return the settings to try, at most `count`, the defaults first, none twice, each with all that is searched.

    They come from the product of the values that the hyper-parameters declare for the search, in order for `grid`, in
    an order that is fixed by their names for `random`.
    """
    searched = {entry.name: entry.metadata["search"] for entry in fields(hyper) if entry.metadata["search"]}
    grid = [dict(zip(searched, row, strict=True)) for row in itertools.product(*searched.values())]
    defaults = {name: getattr(hyper, name) for name in searched}
    others = [row for row in grid if row != defaults]
    if strategy == "random":
        key = stream_key("sweep", type(hyper).__module__, *searched)
        others = [others[k] for k in permutation(key, len(others))] if others else []
    return [defaults, *others[: count - 1]]


def tune(job: Job) -> TuningResult:
    """Train a job's submission and score its predictions on val; no test sample is generated."""
    begun = time.perf_counter()
    access, score, failed_checks, error = "none", None, [], None
    try:
        with Worker(job.spec, dict(job.options), job.task.name, job.limits, job.device) as worker:
            check_offer(worker, job.task)
            access = worker.about.access
            train, val = (make_split(job, split) for split in ("train", "val"))
            report = fit(job, worker, train, val)
            failed_checks = report.failed_checks if report else []
            score = score_on(Asker(worker, job.task), val, "val")
            if not ACCESS[access].val_groups:
                score = ValScore(score.accuracy)
        job.check_unchanged()
    except SubmissionError as failure:
        score, failed_checks, error = None, [], str(failure)
    scores = score._asdict() if score else {}
    return TuningResult(
        suite=job.task.scenario.suite, task=job.task.name, method=method_of(job), access=access,
        options=dict(job.options), seed=job.seed, identity=job.identity, failed_checks=tuple(failed_checks),
        error=error, seconds=time.perf_counter() - begun, **scores,
    )  # fmt: skip


def method_of(job: Job) -> str:
    """Return the name of the method that a job tunes."""
    return label_of(job.spec, {})


def split_done(folder: Path, jobs: Sequence[Job]) -> tuple[list[TuningResult], list[Job]]:
    """Return the results that are on disk already, and the jobs without one, which include those that failed."""
    files = {results_file(folder, job.task.scenario.suite, method_of(job)) for job in jobs}
    known = {result.identity: result for path in files for result in read_tuning(path) if not result.error}
    done = [known[job.identity] for job in jobs if job.identity in known]
    return done, [job for job in jobs if job.identity not in known]


def score_settings(results: Iterable[TuningResult]) -> list[Setting]:
    """Return every setting with its score, in the order in which they were tried first."""
    groups: dict[str, list[TuningResult]] = {}
    for result in results:
        groups.setdefault(json.dumps(result.options, sort_keys=True), []).append(result)
    return [Setting(group[0].options, _mean([result.score for result in group])) for group in groups.values()]


def _mean(scores: Sequence[ValScore | None]) -> tuple[float, ...] | None:
    complete = [score for score in scores if score is not None]
    if len(complete) < len(scores):
        return None
    values = [(s.accuracy,) if s.worst is None or s.mean is None else (s.worst, s.mean) for s in complete]
    return tuple(np.mean(values, axis=0).tolist())


def choose(settings: Iterable[Setting]) -> Setting | None:
    """Return the setting with the highest score, of equals the first; None if none has a score."""
    return max((s for s in settings if s.score is not None), key=lambda s: s.score or (), default=None)
