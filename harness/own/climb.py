"""Train methods on a collection with a rising number of counterexamples, and answer its test samples."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from spurgen.baselines.training.hyperparameters import searched
from spurgen.benchmark.contract import ACCESS, Context, LabeledData, Submission
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import BASELINES, discover
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.collections import EVERYTHING, Collection
from spurgen.generators.collections.world import AGREES, MISLEADS, make_world, states_of
from spurgen.harness.machine import pool
from spurgen.harness.metrics import log_softmax
from spurgen.harness.metrics.arrays import Int64, Scores
from spurgen.harness.results.rows import PREDICTED
from spurgen.harness.running.data import fitted
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import baseline_specs
from spurgen.harness.running.run import run
from spurgen.harness.worker.loading import load_submission

CEILING = -2
"""Stands, in place of a number of counterexamples, for the balanced part of all splits; the seed is a fold of it."""
LEARNER = "erm"  # of the ceiling
GRID = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Strengths of l2, of which a method takes the best on val on each rung (`val_score`)."""


class Answered(NamedTuple):
    """Predicted classes of test, int64 (n,), in the order of the data, and failed sanity checks; or why it failed.

    `l2`: its strength, None for a method that selects its penalty itself; `score`: that of `val_score`.
    """

    predicted: Int64 | None
    failed_checks: tuple[str, ...] = ()
    error: str = ""
    l2: float | None = None
    score: tuple[float, float] = (-math.inf, -math.inf)


class Work(NamedTuple):
    """A method to train on a number of counterexamples, or on everything."""

    method: str
    counterexamples: int
    seed: int


def check_methods(names: Sequence[str]) -> None:
    """Raise `SubmissionError` for a method that needs environments or twins, which own data lack."""
    for name in names:
        access = load_submission(baseline_specs([name])[0]).access
        lacking = "twins" if ACCESS[access].twins else "environments" if access == "envs" else None
        if lacking:
            raise SubmissionError(f"--methods: {name} needs {lacking}, which your data lack; leave it out")


def climb(
    collection: Collection, folds: Sequence[Collection], methods: Sequence[str], seeds: Sequence[int],
    processes: int | None, advance: Callable[[int], None],
) -> Mapping[tuple[str, int, int], Answered]:  # fmt: skip
    """Train every method on every rung, once per draw, and once on everything; return answers by method, rung, draw.

    Those of `LEARNER` with `CEILING` are to the `folds` of the balanced part.
    """
    work = [Work(method, EVERYTHING, seeds[0]) for method in methods]  # the longest
    work += [Work(LEARNER, CEILING, fold) for fold in range(len(folds))]
    work += [Work(method, m, seed) for seed in seeds for m in collection.rungs for method in methods]
    tried: dict[Work, list[Answered]] = {}
    for one, answered in pool.run(partial(train, collection, tuple(folds)), work, processes):
        advance(1)
        tried[one] = answered
    answers: dict[tuple[str, int, int], Answered] = {}
    for one in work:  # folds of the ceiling choose alone: each is another's val
        same = [tried[each] for each in work if each[:2] == one[:2] and (one.counterexamples != CEILING or each == one)]
        answers[one] = tried[one][best_l2(same)]
    return answers


def train(collection: Collection, folds: Sequence[Collection], work: Work) -> list[Answered]:
    """Train a method with every strength of l2, and answer the test samples with each.

    A failure of the method is returned, not raised.
    """
    of_fold = work.counterexamples == CEILING
    scenario, m = (folds[work.seed], 0) if of_fold else (collection.in_world(work.seed), work.counterexamples)
    task = Task(scenario.name, scenario, scenario.modality, "frozen", counterexamples=m, of=collection.name)
    job = Job(task, baseline_specs([work.method])[0], work.seed, scenario.digest)
    world, val = make_world(scenario), fitted(job, "val")
    order = np.concatenate([world.rows_of(part) for part in scenario.asked(task.modality)]).argsort()
    states = states_of(world.arrays["goes"], val.labels, val.channel_values[collection.shortcut])
    tried = []
    for l2 in strengths(work.method):
        submission = load_submission(job.spec, {} if l2 is None else {"l2": l2})
        scores: list[tuple[float, float]] = []
        result, samples = run(job, replace(submission, fit=partial(_fit, submission, states, scores)))
        if result.error is not None:
            tried.append(Answered(None, error=result.error))
            continue
        failed = tuple(result.report.failed_checks) if result.report else ()
        tried.append(Answered(samples[PREDICTED][0, order].astype(np.int64), failed, l2=l2, score=scores[0]))
    return tried


def _fit(
    submission: Submission, states: Int64, scores: list[tuple[float, float]],
    train: LabeledData, val: LabeledData, context: Context,
) -> None:  # fmt: skip
    """Train, and add the score on val, whose `states` not every method is given."""
    assert submission.fit is not None
    assert submission.predict is not None
    submission.fit(train, val, context)
    scores.append(val_score(submission.predict(val.batch), val.labels, states))


def best_l2(draws: Sequence[Sequence[Answered]]) -> int:
    """Return the place of the strength with the best mean score over draws; one that failed in a draw comes last."""
    scores = np.mean([[each.score for each in tried] for tried in draws], axis=0)
    return max(range(len(scores)), key=lambda k: tuple(scores[k]))


def strengths(method: str) -> tuple[float | None, ...]:
    """Return the values of l2 to try with a method; None alone where its file says that none is to be searched."""
    return GRID if "l2" in searched(discover(BASELINES)[method].submission.hyper("features"), "features") else (None,)


def val_score(logits: Scores, labels: Int64, states: Int64) -> tuple[float, float]:
    """Return what l2 is chosen by: the lower of val's accuracies where the shortcut agrees and misleads, and the loss.

    Both are averaged over classes; the loss, nats, is averaged over both states and negative. It decides between equal
    accuracies. A state without samples is left out, as on the rung without counterexamples. Plain accuracy would choose
    what follows the shortcut: val has as few counterexamples as train.
    """
    losses = -log_softmax(logits)[np.arange(len(labels)), labels]
    right = logits.argmax(axis=1) == labels
    cells = [[(states == s) & (labels == k) for k in np.unique(labels[states == s])] for s in (AGREES, MISLEADS)]
    known = [each for each in cells if each] or [[np.ones(len(labels), bool)]]
    lowest = min(float(np.mean([right[cell].mean() for cell in each])) for each in known)
    return lowest, -float(np.mean([np.mean([losses[cell].mean() for cell in each]) for each in known]))
