"""Check a submission on a small part of a suite, before a full run takes hours: `spurgen check`."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
from scipy.special import bdtr

from spurgen.benchmark.contract import Batch, Int64, Modality
from spurgen.benchmark.errors import SubmissionError, harmless
from spurgen.benchmark.plugins import BASELINES, split_spec
from spurgen.benchmark.shell import spurgen
from spurgen.benchmark.suite import Suite
from spurgen.benchmark.task import Task
from spurgen.generators.world import Samples
from spurgen.harness.metrics import fit_temperature
from spurgen.harness.running.data import fitted, make_part
from spurgen.harness.running.job import Job
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.running.query import CHUNK, Asker, count_rows, to_logits
from spurgen.harness.running.run import fit
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Float, Worker
from spurgen.harness.sandbox.rechecks import largest_change
from spurgen.harness.statistics.estimate import ALPHA
from spurgen.harness.statistics.samples import better_than_chance


@dataclass(frozen=True)
class Small:
    """A small version of a task: `job` names it, and trains on `train` and `val`.

    `many`: as many inputs as the largest batch of a run, none of which is in training; those of a small test are
    repeated after the first `fresh`. `truth`: their labels, int64 (CHUNK,). `states`: the rows of `many` for each state
    whose accuracy is shown. `scale`: how many times as large the whole task's train split is.
    """

    job: Job
    train: Samples
    val: Samples
    many: Batch
    truth: Int64
    fresh: slice
    states: dict[str, slice]
    scale: float


def small(task: Task, worker: Worker) -> Small:
    """Return the small version of a task for a worker's submission."""
    job = plan_unfrozen(shrunk(task), worker.spec, 0, worker.device, {})
    train, val = (fitted(job, split) for split in ("train", "val"))
    parts = [*reversed(job.task.scenario.layout(task.modality).grouped)]
    made = [make_part(job, part) for part in parts]
    ends = np.cumsum([0, *(len(each.labels) for each in made)]).tolist()
    states = {
        part.partition("/")[2]: slice(*bounds)
        for part, bounds in zip(parts, pairwise(ends), strict=True) if len(parts) > 1
    }  # fmt: skip
    tests, again = Samples.join(made), np.resize(np.arange(ends[-1]), CHUNK)
    scale = task.num_train / len(train.labels)
    return Small(
        job, train, val, tests.inputs.take(again), tests.labels[again], slice(0, min(ends[-1], CHUNK)), states, scale
    )


def shrunk(task: Task) -> Task:
    """Return a task in a smaller world; of a ladder, with fewer counterexamples."""
    smaller = task.scenario.shrunk(task.counterexamples)
    return replace(task, scenario=smaller, counterexamples=max(smaller.rungs, default=0))


CHECKS = (
    "contract", "fit", "answers", "finite", "varied", "repeatable", "any batch", "no memory", "peak memory", "time",
    "accuracy", "trains without counterexamples",
)  # fmt: skip
ROWS = 96
CUTS = ((0, 40), (40, 41), (41, 48), (48, ROWS))  # the same rows in several batches
MIB = 1 << 20


@dataclass(frozen=True)
class Accuracy:
    """The number of correctly classified samples among `count` that training did not see.

    `by_state`: on a rung, the accuracy where shortcuts mislead and where they agree.
    """

    correct: int
    count: int
    num_classes: int
    by_state: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the accuracy as text; on a rung, where shortcuts mislead and where they agree."""
        states = self.by_state
        return f"{states['mislead']:.2f} misled, {states['agree']:.2f} agreeing" if states else f"{self.value:.2f}"

    @property
    def value(self) -> float:
        """Share of correct answers."""
        return self.correct / self.count

    @property
    def at_chance(self) -> bool:
        """Whether the accuracy is not significantly above chance, 1 / `num_classes`."""
        return not better_than_chance(self.correct, self.count, self.num_classes)

    @property
    def beside_chance(self) -> str:
        """How the accuracy fails to be significantly above chance, on a rung where shortcuts mislead; else empty."""
        count = self.count // 2 if self.by_state else self.count
        correct = round(self.by_state["mislead"] * count) if self.by_state else self.correct
        if better_than_chance(correct, count, self.num_classes):
            return ""
        worse = bdtr(correct, count, 1 / self.num_classes) < ALPHA
        return f"{'worse' if worse else 'not better'} than chance{' where shortcuts mislead' * bool(self.by_state)}"


@dataclass
class Findings:
    """The outcome of each check for one modality, in a word or two, and what to change.

    Checks that could not run because an earlier one failed are missing from `outcomes`. `seconds`: the expected time
    of a run on a task of this modality, or None. `accuracy`: on the small task, or None.
    """

    outcomes: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float | None = None
    accuracy: Accuracy | None = None

    def fail(self, check: str, spec: str, error: SubmissionError) -> None:
        """Record a failure, with the lines of the submission that caused it."""
        self.outcomes[check] = "FAILED"
        self.failures.append(explain_failure(spec, error))


def example_tasks(suite: Suite) -> dict[str, Task]:
    """Return the first task of each modality of a suite, by modality; of a ladder, its highest rung."""
    first = {task.modality: task for task in reversed(suite.tasks.values())}
    for modality, task in first.items():
        if task.of:
            first[modality] = max(suite.ladders[task.of], key=lambda rung: rung.counterexamples)
    return {modality: first[modality] for modality in get_args(Modality) if modality in first}


def check_modality(spec: str, task: Task, limits: Limits, device: str) -> Findings:
    """Check a submission on a few samples; its failures are returned, not raised.

    A task with several worlds is checked in one that is not frozen, if there is one. On a ladder the submission is also
    trained without counterexamples.
    """
    findings, task = Findings(), task.in_world(task.scenario.spare_world)
    try:
        with Worker(spec, {}, task.name, limits, device) as worker:
            findings.outcomes["contract"] = "ok"
            _Examination(worker, task, findings).run()
        findings.outcomes["trains without counterexamples"] = _fit_without_counterexamples(spec, task, limits, device)
    except SubmissionError as error:
        check = next(check for check in CHECKS if check not in findings.outcomes)
        if check == "answers" and any(f"returned {value} on" in str(error) for value in ("nan", "inf", "-inf")):
            findings.outcomes["answers"], check = "ok", "finite"
        findings.fail(check, spec, error)
    return findings


def _fit_without_counterexamples(spec: str, task: Task, limits: Limits, device: str) -> str:
    """Train on the lowest rung of a ladder, if that has no counterexamples; raise `SubmissionError` if that fails."""
    if not task.of or task.scenario.rungs[0]:
        return "-"
    bottom = replace(task, name=f"{task.of}-0", counterexamples=0)
    with Worker(spec, {}, bottom.name, limits, device) as worker:
        if "fit" not in worker.about.offers:
            return "-"
        made = small(bottom, worker)
        fit(made.job, worker, made.train, made.val)
    return "ok"


def erm_accuracy(task: Task, limits: Limits, device: str) -> Accuracy | None:
    """Train ERM on the same samples; return its accuracy, or None if it fails under these limits."""
    findings, task = Findings(), task.in_world(task.scenario.spare_world)
    try:
        with Worker(f"{BASELINES}.erm:submission", {}, task.name, limits, device) as worker:
            _Examination(worker, task, findings).train_and_classify()
    except SubmissionError:
        return None
    return findings.accuracy


def explain_failure(spec: str, error: SubmissionError) -> str:
    """Return an error's message with the submission's lines that caused it, or the line that defines what it names."""
    return "\n".join([str(error), *(getattr(error, "__notes__", ()) or filter(None, [_definition(spec, error)]))])


def _definition(spec: str, error: SubmissionError) -> str:
    """Return the line of a submission's file that defines what an error names, or "" if that is unknown."""
    path = Path(split_spec(spec)[0])
    named = re.search(r"(?:, task [^:]*|load failed: [^:]*): (\w+)", str(error))
    if named is None or not path.is_file():
        return ""
    defines = re.compile(rf"\s*(?:def {named[1]}\(|{named[1]}\s*(?::[^=]*)?=(?!=))")
    lines = path.read_text(errors="replace").splitlines()
    return next((harmless(f"{path}, line {k}: {line}") for k, line in enumerate(lines, 1) if defines.match(line)), "")


class _Seconds(NamedTuple):
    """Duration of one training; its CPU time decides whether scoring trains a second time."""

    wall: float
    cpu: float


class _Examination:
    """Checks of one worker on one task, which write into `findings`."""

    def __init__(self, worker: Worker, task: Task, findings: Findings) -> None:
        self.worker, self.task, self.findings = worker, task, findings
        self.small = small(task, worker)
        self.batch = self.small.many.take(slice(0, ROWS))
        features = {"encode"} & set(worker.about.offers)
        self.functions = list(dict.fromkeys([Asker(worker, task).what, *features]))

    def run(self) -> None:
        """Run the checks in order; raise `SubmissionError` at a failure that rules out all later checks."""
        outcomes = self.findings.outcomes
        trained = self._train(self.worker)
        outcomes["fit"] = "none" if trained is None else f"{trained.wall:.1f} s"
        answers = self._answers(self.worker, [(0, ROWS)])
        outcomes |= {"answers": "ok", "finite": "ok", "varied": "ok"}
        for what in self.functions:
            if not np.ptp(answers[what], axis=0).any():
                same = f"{what}: all of {ROWS} different inputs get the same answer: it does not look at them"
                self.findings.fail("varied", self.worker.spec, self.worker.failure(same))
        again = "the same batch again gets other answers: switch off dropout and other randomness"
        cut = "the same rows in other batches get other answers: a row must not change another's answer (model.eval())"
        alike = self._compare("repeatable", answers, self._answers(self.worker, [(0, ROWS)]), again)
        alike = alike and self._compare("any batch", answers, self._answers(self.worker, CUTS), cut)
        if alike:
            self._in_a_fresh_process(answers, trained)
        for follows in ("any batch", "no memory"):  # would mostly fail for the same reason
            outcomes.setdefault(follows, "not tried")
        answers_to_many, answering = self._answer_a_full_batch()
        outcomes["peak memory"] = f"{self.worker.peak_bytes / MIB:.0f} MiB"
        self.findings.seconds = self._estimate(trained or _Seconds(0.0, 0.0), answering)
        outcomes["time"] = f"{self.findings.seconds / 60:.1f} min a run"
        self._classify(answers_to_many)
        outcomes["accuracy"] = str(self.findings.accuracy)

    def train_and_classify(self) -> None:
        """Train, and measure only the accuracy."""
        self._train(self.worker)
        self._classify(self._answer_a_full_batch()[0])

    def _train(self, worker: Worker) -> _Seconds | None:
        """Train the submission; return how long it took, or None if it has no `fit`."""
        if "fit" not in worker.about.offers:
            return None
        begun, cpu = time.perf_counter(), worker.process.cpu_seconds
        fit(self.small.job, worker, self.small.train, self.small.val)
        return _Seconds(time.perf_counter() - begun, worker.process.cpu_seconds - cpu)

    def _answers(self, worker: Worker, cuts: Sequence[tuple[int, int]], batch: Batch | None = None) -> dict[str, Float]:
        """Return each function's answers on the rows of a batch, queried in the smaller batches of `cuts`."""
        batch = batch or self.batch
        answers: dict[str, Float] = {}
        for what in self.functions:
            width = None if what == "encode" else self.task.num_classes
            parts = {}
            for start, stop in cuts:
                worker.send(what, batch.take(slice(start, stop)))
                parts[start] = worker.answer(stop - start, width, f"{stop - start} rows")
            answers[what] = np.concatenate([parts[start] for start in sorted(parts)]).astype(np.float64)
        return answers

    def _compare(self, check: str, before: dict[str, Float], after: dict[str, Float], problem: str) -> bool:
        """Fail a check if an answer changed by more than the consistency check tolerates; return whether it passed."""
        self.findings.outcomes[check] = "ok"
        for what in self.functions:
            far = largest_change(what, before[what], after[what], self._temperature(what, before[what]))
            if far > 1:
                error = self.worker.failure(f"{what}: {problem}; they move by {far:.2g} times what is allowed")
                self.findings.fail(check, self.worker.spec, error)
        return self.findings.outcomes[check] == "ok"

    def _temperature(self, what: str, answers: Float) -> float:
        """Return the temperature that fits the answers best; features have none."""
        if what == "encode":
            return 1.0
        logits = to_logits(answers.astype(np.float64)) if what == "predict_proba" else answers
        return fit_temperature(logits, self.small.truth[: len(logits)])

    def _in_a_fresh_process(self, answers: dict[str, Float], trained: _Seconds | None) -> None:
        """Compare the answers with those of a fresh process, queried in another order."""
        device = self.worker.device
        if trained is not None and not self.worker.limits.retrains(trained.cpu, device):
            self.findings.outcomes["no memory"] = "not tried"
            why = f"takes {trained.cpu:.0f} s of CPU time" if device == "cpu" else f"is on {device}"
            self.findings.notes.append(
                f"training {why}, so it was not tried twice; {spurgen('reproduce')} does, before a row is ranked"
            )
            return
        with Worker(self.worker.spec, {}, self.task.name, self.worker.limits, self.worker.device) as fresh:
            self._train(fresh)
            again = self._answers(fresh, CUTS[::-1])
        problem = "a fresh process gives other answers: keep nothing of earlier questions"
        seeded = "" if trained is None else ", and seed training with context.seed"
        self._compare("no memory", answers, again, problem + seeded)

    def _answer_a_full_batch(self) -> tuple[dict[str, Float], float]:
        """Query a batch of the largest size that a run uses; return answers and seconds per row and function."""
        begun = time.perf_counter()
        answers = self._answers(self.worker, [(0, CHUNK)], self.small.many)
        return answers, (time.perf_counter() - begun) / (CHUNK * len(self.functions))

    def _classify(self, answers: dict[str, Float]) -> None:
        """Count the correct answers to the samples of a full batch that `fit` was not given."""
        asker, made = Asker(self.worker, self.task), self.small
        asker.fit_probe(made.train.inputs, made.train.labels)
        right = asker.as_logits(answers[asker.what].astype(np.float64)).argmax(1) == made.truth
        by_state = {state: float(right[rows].mean()) for state, rows in made.states.items()}
        right = right[made.fresh]
        self.findings.accuracy = Accuracy(int(right.sum()), right.size, self.task.num_classes, by_state)

    def _estimate(self, trained: _Seconds, answering: float) -> float:
        """Estimate the seconds of one run: training scales with the train split, answering with the number of rows."""
        scale = self.small.scale
        again = self.worker.limits.retrains(trained.cpu * scale, self.worker.device)
        return trained.wall * scale * (1 + again) + answering * count_rows(self.task, self.worker.about.offers)
