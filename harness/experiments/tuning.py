"""Tuning: train a method with several settings, and choose one by validation data alone; results are JSON lines."""

import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from spurgen.baselines.training.hyperparameters import Only, Recipe, searched
from spurgen.benchmark.checkpoint_rules import ValScore
from spurgen.benchmark.contract import ACCESS, Int64
from spurgen.benchmark.errors import MissingError, SpurgenError, SubmissionError, explain
from spurgen.benchmark.reading import parse_json, read_text
from spurgen.benchmark.result import SCHEMA_VERSION
from spurgen.benchmark.task import Task
from spurgen.generators.streams import fraction, permutation, stream_key, words
from spurgen.generators.world import Samples, world_of
from spurgen.harness import metrics
from spurgen.harness.machine.files import locked, write_atomically
from spurgen.harness.metrics.accuracies import GroupCounts
from spurgen.harness.results.store import label_of
from spurgen.harness.running.data import fitted
from spurgen.harness.running.here import Here
from spurgen.harness.running.job import Job
from spurgen.harness.running.query import Asker, Floats, ask_mixed, check_offer, cut
from spurgen.harness.running.run import fit

FILE_BYTES = 1 << 25
Options = dict[str, int | float]
SPLITS = ("train", "val")
STRATA = 16
"""Number of consecutive draws that each fall into a different part of the distribution."""


class TuningResult(BaseModel):
    """The validation scores of a method with these options on one task; a failed job has `error` and no scores.

    `accuracy`, `worst` and `mean` (over groups) and `robust` (worst alignment pattern) are on val; all except
    `accuracy` are None where the method's access tier hides groups, so that nothing can select by them. `loss`, known
    on rungs, is the mean cross-entropy on val in nats: it breaks ties of accuracies over few samples. `failed_checks`
    names the sanity checks that failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: Literal[2] = SCHEMA_VERSION
    suite: str
    task: str
    method: str
    access: str
    options: Options
    seed: int
    identity: str
    accuracy: float | None = None
    worst: float | None = None
    mean: float | None = None
    robust: float | None = None
    loss: float | None = None
    failed_checks: tuple[str, ...] = ()
    error: str | None = None
    seconds: float = 0.0

    @property
    def score(self) -> ValScore | None:
        """Score on val; None for a job that failed, or whose method failed a sanity check."""
        if self.accuracy is None or self.failed_checks:
            return None
        return ValScore(self.accuracy, self.worst, self.mean, self.robust)


def results_file(folder: Path, suite: str, method: str) -> Path:
    """Return the path of a method's results: folder/suite/method.jsonl."""
    return folder / suite / f"{method}.jsonl"


def read_tuning(path: Path) -> list[TuningResult]:
    """Read one method's results; none if there is no file.

    Raise `SpurgenError` that names file and line if a line is not a result of this version.
    """
    try:
        lines = read_text(path, FILE_BYTES).splitlines()
    except MissingError:
        return []
    return [_result(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]


def _result(line: str, where: str) -> TuningResult:
    try:
        return TuningResult.model_validate(parse_json(line))
    except ValidationError as error:
        wrong = explain(error.errors())
    except ValueError as error:
        wrong = str(error)
    raise SpurgenError(f"{where} is not a result of this version: {wrong}; delete the line")


def add_result(path: Path, result: TuningResult) -> None:
    """Add a result to its method's file, in place of an older one of the same setting; whole or not at all.

    Other processes that add one wait.
    """
    same = ("task", "options", "seed")
    with locked(path.parent):
        others = [r for r in read_tuning(path) if any(getattr(r, name) != getattr(result, name) for name in same)]
        write_atomically(path, "".join(f"{r.model_dump_json()}\n" for r in [*others, result]))


class Setting(NamedTuple):
    """A method's options, and the mean of their validation scores over tasks and seeds, of which there are `results`.

    `score` is what selects an epoch too: (accuracy on the worst alignment pattern, mean accuracy over groups) where the
    access tier shows groups on val, otherwise (accuracy,); then, where it is known, the loss, negated. It is None if a
    job failed, or a sanity check failed, on any task or seed.
    """

    options: Options
    score: tuple[float, ...] | None
    results: int


def settings(hyper: Recipe, count: int, on: Only = "inputs") -> list[Options]:
    """Return the settings to try, at most `count`, the defaults first, none twice, each with all that is searched.

    Setting i > 0 has draw i - 1 of every hyper-parameter. A draw depends only on the hyper-parameter's name and on i,
    so all methods try the same pairs of learning rate and weight decay. `on`: the kind of tasks.
    """
    defaults = {name: getattr(hyper, name) for name in searched(hyper, on)}
    return list({str(options): options for options in (defaults, *draws(hyper, count - 1, on))}.values())


def draws(hyper: Recipe, count: int, on: Only = "inputs") -> list[Options]:
    """Return the first draws of all hyper-parameters that are searched."""
    found = searched(hyper, on)
    return [{name: search.at(quantile(name, k)) for name, search in found.items()} for k in range(count)]


def in_order(results: Sequence[TuningResult], hyper: Recipe, on: Only = "inputs") -> list[TuningResult]:
    """Return a method's stored results in the order of its settings, which are stored as they end.

    A setting that is not a draw comes first: the defaults of the sweep. Without such a setting, the defaults were a
    draw, and the setting that was stored first is taken for them.
    """
    place = {str(options): k for k, options in enumerate(draws(hyper, len(results) + STRATA, on))}
    tried = dict.fromkeys(str(result.options) for result in results)
    defaults = next((options for options in tried if options not in place), next(iter(tried), ""))
    place |= {options: -1 for options in tried if options == defaults or options not in place}
    return sorted(results, key=lambda result: place[str(result.options)])


def quantile(name: str, draw: int) -> float:
    """Return the quantile in [0, 1) of a hyper-parameter's draw (Latin hypercube sampling, McKay et al. 1979)."""
    block, place = divmod(draw, STRATA)
    stratum = permutation(stream_key("sweep", name, "stratum", block), STRATA)[place]
    share = fraction(words(stream_key("sweep", name, "place"), np.array([draw]), 1))[0, 0] / 2**32
    return float(stratum + share) / STRATA


def tune(job: Job) -> TuningResult:
    """Train a job's baseline in this process and score its predictions on val; no test sample is generated."""
    begun = time.perf_counter()
    access, score, loss, error = "none", None, None, None
    failed_checks: list[str] = []
    try:
        with Here(job) as here:
            check_offer(here, job.task)
            access = here.about.access
            val = fitted(job, "val")
            report = fit(job, here, fitted(job, "train"), val)
            asker = Asker(here, job.task)
            logits = ask_mixed(asker, "logits", cut("val", val.inputs), np.random.default_rng(), "val")["val"]
            score = score_on_val(job.task, access, logits, val)
            loss = float(-metrics.log_softmax(logits)[np.arange(len(logits)), val.labels].mean())
            failed_checks = report.failed_checks if report else []
    except SubmissionError as failure:
        error = str(failure)
    return TuningResult(
        suite=job.task.scenario.suite, task=job.task.name, method=method_of(job), access=access,
        options=dict(job.options), seed=job.seed, identity=job.identity, failed_checks=tuple(failed_checks),
        loss=loss, error=error, seconds=time.perf_counter() - begun, **score._asdict() if score else {},
    )  # fmt: skip


def score_on_val(task: Task, access: str, logits: Floats, val: Samples) -> ValScore:
    """Score logits on val as a baseline scores itself: on the samples and by the groups that its access tier is given.

    Groups and patterns are those that occur, over the channels that training may know. On a ladder all of val counts.
    """
    data, scenario = world_of(task.scenario).labeled(task.modality, "val", val), task.scenario
    whole = ACCESS[access].balanced_val or bool(scenario.rungs)
    rows = slice(None) if whole else scenario.biased_rows("val", task.counterexamples)
    accuracy = metrics.accuracy(logits[rows], data.labels[rows])
    if not ACCESS[access].val_groups or data.group_ids is None:
        return ValScore(accuracy)
    patterns = data.num_groups // task.num_classes
    by_group, by_pattern = (_count(logits, data.labels, ids) for ids in (data.group_ids, data.group_ids % patterns))
    return ValScore(accuracy, by_group.worst, float(by_group.accuracies.mean()), by_pattern.worst)


def _count(logits: Floats, labels: Int64, kinds: Int64) -> GroupCounts:
    """Return the counts of every kind of sample that occurs; `kinds`: int64 (n,)."""
    return metrics.group_counts(logits, labels, np.unique(kinds, return_inverse=True)[1])


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
    return [
        Setting(group[0].options, _mean([_key(result) for result in group]), len(group)) for group in groups.values()
    ]


def finalists(settings: Iterable[Setting], count: int) -> list[Setting]:
    """Return the `count` settings with the highest scores, best first; ties keep their order."""
    return sorted((s for s in settings if s.score is not None), key=lambda s: s.score or (), reverse=True)[:count]


def _mean(scores: Sequence[tuple[float, ...] | None]) -> tuple[float, ...] | None:
    complete = [score for score in scores if score is not None]
    if len(complete) < len(scores):
        return None
    return tuple(np.mean(complete, axis=0).tolist())


def _key(result: TuningResult) -> tuple[float, ...] | None:
    """Return the key that is maximised; None for a result without a score."""
    score = result.score
    if score is None:
        return None
    by = (score.accuracy,) if score.robust is None or score.mean is None else (score.robust, score.mean)
    return by if result.loss is None else (*by, -result.loss)


def choose(settings: Iterable[Setting]) -> Setting | None:
    """Return the setting with the highest score, the first of equals; None if none has a score.

    A setting with fewer results than others was not a finalist, and is not chosen.
    """
    tried = list(settings)
    most = max((setting.results for setting in tried), default=0)
    return next(iter(finalists((setting for setting in tried if setting.results == most), 1)), None)
