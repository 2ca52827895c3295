"""Run one job: train the submission, query it on every test input, score its predictions."""

import secrets
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from spurgen.benchmark.contract import Context, Submission
from spurgen.benchmark.errors import SubmissionError
from spurgen.benchmark.plugins import is_baseline
from spurgen.benchmark.result import Provenance, Report, Result, SampleArrays
from spurgen.generators.world import Samples, world_of
from spurgen.harness.machine.progress import Show, reporting
from spurgen.harness.machine.provenance import environment, now
from spurgen.harness.results.identity import imports_generator
from spurgen.harness.results.store import label_of
from spurgen.harness.running.data import CALIBRATION, fitted, labeled, make_part
from spurgen.harness.running.here import Here, runs_here
from spurgen.harness.running.job import Job
from spurgen.harness.running.query import Answers, Asker, Floats, check_offer, collect, count_rows
from spurgen.harness.running.scoring import Scores, score
from spurgen.harness.sandbox.launch import isolation_of
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker
from spurgen.harness.sandbox.rechecks import RecheckedWorker


class Outcome(NamedTuple):
    """A job's result, and its per-sample arrays; these are empty for a failed job."""

    result: Result
    samples: SampleArrays


@dataclass(frozen=True)
class _Asked:
    """A job's answers, queried in the order that `order_seed` drew, and the submission's report on its training.

    `as_logits` turns features into the logits of a submission that only encodes.
    """

    report: Report | None
    answers: Answers
    as_logits: Callable[[Floats], Floats] | None
    order_seed: int


def run(job: Job, submission: Submission | None = None) -> Outcome:
    """Train, query and score; a submission's failure is recorded in the result, not raised.

    `submission`: what runs, in this process, instead of the submission that the job names.

    Raise `FrozenDataError` if the data differ from the frozen ones, and `SpurgenError` if the required isolation does
    not work here, since no result would be valid.
    """
    here = submission is not None or runs_here(job)
    isolation = "process" if here else isolation_of(job.limits)
    about, asked, consistency, peak, error = None, None, None, None, None
    scores, seconds = Scores(), dict[str, float]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            if submission is None:
                job.check_unchanged()
            with (
                reporting(f"{job.label}  {job.task.name}  seed {job.seed}") as show,
                Here(job, submission) if here else _worker(job) as worker,
            ):
                about = worker.about
                check_offer(worker, job.task)
                asked = _train_and_ask(job, worker, show, seconds)
                peak = worker.peak_bytes
                show("consistency check")
                # before scoring, during which nobody would watch what the process does
                worker.finish(asked.answers.temperature, asked.as_logits)
                consistency = worker.consistency
                show("scoring")
                with _timed(seconds, "score"):
                    scores = score(job.task, asked.answers, f"submission {job.spec}")
            if submission is None:
                job.check_unchanged()
        except SubmissionError as failure:
            asked, scores, seconds = None, Scores(), {}
            error = "\n".join([str(failure), *getattr(failure, "__notes__", [])])
    result = Result(
        suite=job.task.scenario.suite, task=job.task.name, spec=job.spec,
        submission=about.name if about else label_of(job.spec, {}), access=about.access if about else "none",
        uses_generator=(about is not None and about.uses_generator) or (not here and _imports_generator(job.spec)),
        options=dict(job.options), seed=job.seed, uncorrelated=job.uncorrelated, matched=job.matched, draw=job.draw,
        identity=job.identity, submission_sha256=job.submission_sha256, data_sha256=job.data_sha256,
        isolation=isolation, error=error,
        report=asked.report if asked else None,
        metrics=scores.metrics, channels=scores.channels, groups=scores.groups,
        provenance=Provenance(
            finished=now(), environment=environment(job.device, _limits(job).record()),
            seconds=seconds, peak_memory_bytes=peak,
            order_seed=asked.order_seed if asked else None, consistency=consistency,
            warnings=tuple(dict.fromkeys(f"{w.category.__name__}: {w.message}" for w in caught)),
        ),
    )  # fmt: skip
    return Outcome(result, scores.samples)


def _imports_generator(spec: str) -> bool:
    """Return whether a submission imports the generators; False if its files are gone, as that job has failed."""
    try:
        return not is_baseline(spec) and imports_generator(spec)
    except SubmissionError:
        return False


def _worker(job: Job) -> RecheckedWorker:
    return RecheckedWorker(job.spec, dict(job.options), job.task.name, _limits(job), job.device)


def _limits(job: Job) -> Limits:
    """Return the job's limits, without a second training for baselines: their code is trusted."""
    return replace(job.limits, retrain_seconds=0.0) if is_baseline(job.spec) else job.limits


def fit(job: Job, worker: Worker | Here, train: Samples, val: Samples) -> Report | None:
    """Train the submission on the data that its access tier grants; return its report, or None if it has no `fit`."""
    if "fit" not in worker.about.offers:
        return None
    data = [labeled(job, *split, worker.about.access) for split in (("train", train), ("val", val))]
    return worker.fit(data[0], data[1], _context(job, worker.scratch))


def _context(job: Job, scratch: Path) -> Context:
    """Return what a submission is told about a job's task."""
    task = job.task
    names = world_of(task.scenario).class_names
    return Context(names, task.modality, task.scenario.image_size, job.device, job.seed, scratch, task.backbone)


def _share(show: Show, total: int) -> Callable[[int], None]:
    """Return a function that adds up answered rows and shows their share of `total`."""
    answered = 0

    def add(rows: int) -> None:
        nonlocal answered
        answered += rows
        show(f"answers {answered / total:.0%}")

    return add


def _train_and_ask(job: Job, worker: RecheckedWorker | Here, show: Show, seconds: dict[str, float]) -> _Asked:
    train, val = (fitted(job, split) for split in ("train", "val"))
    show("training")
    worker.on_line = lambda line: show(f"training: {line}")
    with _timed(seconds, "fit"):
        report = fit(job, worker, train, val)
    worker.on_line = lambda _: None
    with _timed(seconds, "ask"):
        asker = Asker(worker, job.task, _share(show, count_rows(job.task, worker.about.offers)))
        asker.fit_probe(train.inputs, train.labels)
        seed = secrets.randbits(63)
        answers = collect(asker, maker(job, val), seed)
    return _Asked(report, answers, asker.as_logits if asker.what == "encode" else None, seed)


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - begun


def maker(job: Job, val: Samples) -> Callable[[str, range], Samples]:
    """Return the function that makes inputs to query, checked against the manifest."""
    calibrated_on = job.task.scenario.calibrated_on

    def make(key: str, indices: range) -> Samples:
        part = calibrated_on if key == CALIBRATION else key
        rows = slice(indices.start, indices.stop)
        return val.take(rows) if part == "val" else make_part(job, part, rows.start, rows.stop)

    return make
